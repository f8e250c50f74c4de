/// Carries bytes between the processes of one run, which are numbered.
///
/// Bytes arrive in the order in which they were sent. Whoever loses one of the
/// others ends the process: there is nothing to be done about it.
package protocol Communicator: Sendable {
  /// The number of this process, from 0.
  var rank: Int { get }
  /// How many processes there are.
  var size: Int { get }
  func send(_ bytes: UnsafeRawBufferPointer, to rank: Int)
  /// Waits for as many bytes as there is room for.
  func receive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int)
}

/// The processes that share the work of a run: all of them do the same, but in
/// loops over blocks of samples each takes those of its share.
///
/// What follows from the samples is made equal everywhere again by a sum or by
/// gathering, which all have to call. Neither knows a rank: bits do not depend
/// on how many processes there are.
package struct Team: Sendable {
  private let communicator: (any Communicator)?

  /// One process, which does everything.
  package static let alone = Team(nil)

  package init(_ communicator: (any Communicator)?) {
    self.communicator = communicator
  }

  /// The number of this process, from 0.
  package var rank: Int { communicator?.rank ?? 0 }
  package var size: Int { communicator?.size ?? 1 }
  package var isAlone: Bool { size == 1 }

  /// The part of `count` things that is this process's: successive ones.
  ///
  /// Nearly equal, but beginning with a number that a high power of two divides:
  /// of such a part a `BlockSum` has few nodes to send.
  package func share(of count: Int) -> Range<Int> {
    var unit = 1
    while 8 * unit * size <= count { unit *= 2 }
    func start(_ rank: Int) -> Int {
      rank == size
        ? count : (2 * count * rank / (unit * size) + 1) / 2 * unit
    }
    return start(rank)..<start(rank + 1)
  }

  /// The part of `count` rows, whole blocks of them.
  package func rows(of count: Int, blockSize: Int) -> Range<Int> {
    let blocks = share(of: (count + blockSize - 1) / blockSize)
    return min(
      count, blocks.lowerBound * blockSize)..<min(
        count, blocks.upperBound * blockSize)
  }

  /// What all processes have, that of rank 0 first.
  package func gathered<Element: BitwiseCopyable>(
    _ own: [Element]
  ) -> [Element] {
    var all = own
    collect(&all, send: send) { all, from in all += receive(from: from) }
    spread(&all)
    return all
  }

  /// The sums of numbers that every process has as many of.
  package func sum(_ numbers: [Int]) -> [Int] {
    var total = numbers
    collect(&total, send: send) { total, from in
      for (place, number) in receive(from: from, as: Int.self).enumerated() {
        total[place] += number
      }
    }
    spread(&total)
    return total
  }

  package func sum(_ number: Int) -> Int { sum([number])[0] }

  /// Hands on along a tree until rank 0 has what all have: those that come later
  /// in the order of ranks are joined to those before them.
  func collect<Value>(
    _ value: inout Value, send: (Value, Int) -> Void,
    join: (inout Value, Int) -> Void
  ) {
    var step = 1
    while step < size {
      guard rank.isMultiple(of: 2 * step) else {
        return send(value, rank - step)
      }
      if rank + step < size { join(&value, rank + step) }
      step *= 2
    }
  }

  /// Gives all what rank 0 has.
  package func spread<Element: BitwiseCopyable>(_ values: inout [Element]) {
    var step = 1
    while step < size, rank.isMultiple(of: 2 * step) { step *= 2 }
    if rank > 0 { values = receive(from: rank - step) }
    while step > 1 {
      step /= 2
      if rank + step < size { send(values, to: rank + step) }
    }
  }

  func send<Element: BitwiseCopyable>(_ values: [Element], to rank: Int) {
    withUnsafeBytes(of: values.count) { communicator?.send($0, to: rank) }
    guard !values.isEmpty else { return }
    values.withUnsafeBytes { communicator?.send($0, to: rank) }
  }

  func receive<Element: BitwiseCopyable>(
    from rank: Int, as type: Element.Type = Element.self
  ) -> [Element] {
    var count = 0
    withUnsafeMutableBytes(of: &count) {
      communicator?.receive($0, from: rank)
    }
    return [Element](unsafeUninitializedCapacity: count) { target, filled in
      if count > 0 {
        communicator?.receive(UnsafeMutableRawBufferPointer(target), from: rank)
      }
      filled = count
    }
  }
}
