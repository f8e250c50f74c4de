import Dispatch
import Foundation
import Synchronization

/// Loops over independent blocks of work, on several threads.
///
/// The blocks are chosen by the caller and do not depend on the number of
/// threads, so neither do the results. A loop inside a loop runs on its
/// caller's thread.
///
/// The closures are not `@Sendable`. Blocks write parts of one buffer, through
/// pointers, which are never `Sendable`: of fifty loops nearly all would mark
/// what they capture, ninety times, as `nonisolated(unsafe)`, and the compiler
/// would find no more than it does now. The thread sanitizer does.
package enum Parallel {
  /// The most threads that loops started from here may use; a `RunContext`
  /// sets it.
  @TaskLocal package static var threadCount = availableThreads

  /// The number of processors this process may use.
  package static var availableThreads: Int {
    ProcessInfo.processInfo.activeProcessorCount
  }

  /// Calls `body` once with every index below `count`, in any order.
  package static func forEach(_ count: Int, _ body: (Int) -> Void) {
    let threads = min(threadCount, count)
    guard threads > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    let next = Atomic<Int>(0)
    let mode = Subnormals.mode
    withoutActuallyEscaping(body) { body in
      // The blocks are the caller's to keep apart; the loop ends before it
      // returns.
      nonisolated(unsafe) let body = body
      DispatchQueue.concurrentPerform(iterations: threads) { _ in
        $threadCount.withValue(1) {
          Subnormals.inMode(mode) {
            while true {
              let index = next.add(1, ordering: .relaxed).oldValue
              guard index < count else { return }
              body(index)
            }
          }
        }
      }
    }
  }

  /// What `body` gives for every index below `count`.
  ///
  /// - Throws: the error of the lowest index that failed; higher ones are not
  ///   begun then.
  package static func map<Element, Failure>(
    _ count: Int, _ body: (Int) throws(Failure) -> Element
  ) throws(Failure) -> [Element] {
    var results = [Result<Element, Failure>?](repeating: nil, count: count)
    let hasFailed = Atomic<Bool>(false)
    results.withUnsafeMutableBufferPointer { results in
      forEach(count) { index in
        // Indices are handed out in ascending order: all that are lower than
        // one that failed have begun.
        guard !hasFailed.load(ordering: .relaxed) else { return }
        do throws(Failure) {
          results[index] = .success(try body(index))
        } catch {
          results[index] = .failure(error)
          hasFailed.store(true, ordering: .relaxed)
        }
      }
    }
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for case let result? in results { elements.append(try result.get()) }
    return elements
  }

  /// The blocks of `size` indices that cover `0..<count`; the last may be
  /// shorter.
  package static func blocks(_ count: Int, size: Int) -> [Range<Int>] {
    blocks(0..<count, size: size)
  }

  /// The blocks of `size` indices that cover a range; the last may be shorter.
  package static func blocks(_ range: Range<Int>, size: Int) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: size).map {
      $0..<min($0 + size, range.upperBound)
    }
  }

  /// An array of `count` elements, each block of which `body` fills.
  ///
  /// `body` receives the range of the block and that part of the array, not
  /// yet initialized.
  package static func fill<Element: BitwiseCopyable>(
    _ count: Int, blockSize: Int,
    _ body: (Range<Int>, UnsafeMutableBufferPointer<Element>) -> Void
  ) -> [Element] {
    let blocks = blocks(count, size: blockSize)
    return [Element](unsafeUninitializedCapacity: count) {
      buffer, initialized in
      let whole = buffer
      forEach(blocks.count) { index in
        let range = blocks[index]
        body(range, UnsafeMutableBufferPointer(rebasing: whole[range]))
      }
      initialized = count
    }
  }
}
