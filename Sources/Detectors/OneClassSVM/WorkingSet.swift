/// The two loops over all variables that an iteration makes.
///
/// Symbols and equations are those of `SequentialMinimalOptimization`.
enum WorkingSet {
  /// The most violating variable and how far the others are from it.
  struct Violation {
    /// i, the first index with the smallest gradient of I_up; nil when I_up is
    /// empty.
    var i: Int?
    /// G_i = -m(α).
    var lowestUp = Double.infinity
    /// -M(α): the largest gradient of I_low.
    var highestLow = -Double.infinity

    /// m(α) - M(α), the figure that decides the end.
    var gap: Double { highestLow - lowestUp }
  }

  private typealias Doubles = SIMD8<Double>
  private typealias Indices = SIMD8<Int64>
  private static let lanes = 8
  private static let laneNumbers = Indices(0, 1, 2, 3, 4, 5, 6, 7)

  /// G_t ← G_t + step · (K_it - K_jt) for all t, and the next most violating
  /// variable by (4).
  ///
  /// - Parameters:
  ///   - rows: The kernel rows of i and j, or nil to change nothing.
  static func update(
    gradient: UnsafeMutableBufferPointer<Double>,
    alpha: UnsafeBufferPointer<Double>,
    count: Int,
    step: Double, rows: (i: UnsafePointer<Float>, j: UnsafePointer<Float>)?
  ) -> Violation {
    let gradientBytes = UnsafeMutableRawBufferPointer(gradient)
    let alphaBytes = UnsafeRawBufferPointer(alpha)
    var lowest = Doubles(repeating: .infinity)
    var lowestIndex = Indices.zero
    var highest = Doubles(repeating: -.infinity)
    let whole = count & ~(lanes - 1)
    for start in stride(from: 0, to: whole, by: lanes) {
      var g = gradientBytes.loadUnaligned(
        fromByteOffset: start * 8, as: Doubles.self)
      if let rows {
        let kernelI = UnsafeRawPointer(rows.i).loadUnaligned(
          fromByteOffset: start * 4, as: SIMD8<Float>.self)
        let kernelJ = UnsafeRawPointer(rows.j).loadUnaligned(
          fromByteOffset: start * 4, as: SIMD8<Float>.self)
        g += (Doubles(kernelI) - Doubles(kernelJ)) * step
        gradientBytes.storeBytes(
          of: g, toByteOffset: start * 8, as: Doubles.self)
      }
      let a = alphaBytes.loadUnaligned(
        fromByteOffset: start * 8, as: Doubles.self)
      let isLower = (g .< lowest) .& (a .< 1)
      lowest.replace(with: g, where: isLower)
      lowestIndex.replace(
        with: laneNumbers &+ Int64(start), where: isLower)
      highest.replace(with: g, where: (g .> highest) .& (a .> 0))
    }

    var violation = Violation()
    for lane in 0..<lanes {
      violation.highestLow = max(violation.highestLow, highest[lane])
      let index = Int(lowestIndex[lane])
      if lowest[lane] < violation.lowestUp
        || (lowest[lane] == violation.lowestUp
          && index < violation.i ?? index)
      {
        violation.lowestUp = lowest[lane]
        violation.i = index
      }
    }
    for t in whole..<count {
      if let rows {
        gradient[t] += (Double(rows.i[t]) - Double(rows.j[t])) * step
      }
      if alpha[t] < 1, gradient[t] < violation.lowestUp {
        violation.lowestUp = gradient[t]
        violation.i = t
      }
      if alpha[t] > 0 {
        violation.highestLow = max(violation.highestLow, gradient[t])
      }
    }
    if violation.lowestUp == .infinity { violation.i = nil }
    return violation
  }

  /// j by (5): the variable that, changed together with i, lowers the objective
  /// most when the box is left out of account.
  static func selectSecond(
    gradient: UnsafeBufferPointer<Double>, alpha: UnsafeBufferPointer<Double>,
    count: Int,
    lowestUp: Double, rowI: UnsafePointer<Float>
  ) -> Int? {
    let gradientBytes = UnsafeRawBufferPointer(gradient)
    let alphaBytes = UnsafeRawBufferPointer(alpha)
    let kernelBytes = UnsafeRawPointer(rowI)
    var best = SIMD8<Float>.zero
    var bestIndex = SIMD8<Int32>.zero
    let numbers = SIMD8<Int32>(truncatingIfNeeded: laneNumbers)
    let whole = count & ~(lanes - 1)
    for start in stride(from: 0, to: whole, by: lanes) {
      let g = gradientBytes.loadUnaligned(
        fromByteOffset: start * 8, as: Doubles.self)
      let a = alphaBytes.loadUnaligned(
        fromByteOffset: start * 8, as: Doubles.self)
      let kernel = kernelBytes.loadUnaligned(
        fromByteOffset: start * 4, as: SIMD8<Float>.self)
      let b = (g - lowestUp).replacing(
        with: 0, where: (a .<= 0) .| (g .<= lowestUp))
      let gain = SIMD8<Float>(b * b) / curvature(kernel)
      let isBetter = gain .> best
      best.replace(with: gain, where: isBetter)
      bestIndex.replace(with: numbers &+ Int32(start), where: isBetter)
    }

    var j: (gain: Float, index: Int) = (0, 0)
    for lane in 0..<lanes {
      let index = Int(bestIndex[lane])
      if best[lane] > j.gain || (best[lane] == j.gain && index < j.index) {
        j = (best[lane], index)
      }
    }
    for t in whole..<count where alpha[t] > 0 && gradient[t] > lowestUp {
      let b = gradient[t] - lowestUp
      let gain = Float(b * b) / curvature(SIMD8(repeating: rowI[t]))[0]
      if gain > j.gain { j = (gain, t) }
    }
    return j.gain > 0 ? j.index : nil
  }

  /// a_it = K_ii + K_tt - 2 K_it, and τ where it vanishes.
  @inline(__always)
  private static func curvature(_ kernel: SIMD8<Float>) -> SIMD8<Float> {
    let a = 2 - 2 * kernel
    return a.replacing(with: tau, where: a .< tau)
  }

  /// τ, in the place of a curvature that is zero or lost in the rounding of
  /// single-precision kernel values.
  static let tau: Float = 1e-6
}
