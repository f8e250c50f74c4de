import CVectorUnit

/// Numbers too small for a full significand, below 1.2e-38 in single
/// precision.
package enum Subnormals {
  /// Runs `body` with subnormal numbers taken as zero, also in the loops that
  /// it starts with `Parallel`.
  ///
  /// The gradients of a saturated network are such numbers, and products of
  /// them take many processors a hundred times as long. Where the processor
  /// has no such mode, or needs none, nothing changes.
  package static func flushed<Result>(
    _ body: () throws -> Result
  ) rethrows -> Result {
    try inMode(vector_unit_flushing(vector_unit_mode()), body)
  }

  /// The mode of this thread.
  static var mode: UInt32 { vector_unit_mode() }

  /// Runs `body` in the mode of another thread.
  static func inMode<Result>(
    _ mode: UInt32, _ body: () throws -> Result
  ) rethrows -> Result {
    let own = vector_unit_mode()
    vector_unit_set_mode(mode)
    defer { vector_unit_set_mode(own) }
    return try body()
  }
}
