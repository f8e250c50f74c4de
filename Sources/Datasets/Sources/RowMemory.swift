import Diagnostics
import Execution
import LinearAlgebra

extension SampleSource {
  /// Bytes of a row, and what makes it: a decoded picture is there twice.
  private var rowMemory: Int { 2 * MemoryLayout<Float>.stride * columns }

  /// Bytes that are read at a time whatever the budget: a row of these is no
  /// burden to any machine.
  private static var leastMemory: Int { 16 << 20 }

  /// Refuses rows that are too large to be read one by one.
  ///
  /// - Throws: `DatasetFault.unusableOption`, naming the budget.
  package func checkRowMemory(in context: RunContext) throws {
    guard
      !(self is Matrix), rowMemory > max(context.memoryBudget, Self.leastMemory)
    else { return }
    throw DatasetFault.unusableOption(
      name: "memory-budget",
      problem: "each sample of \(columns) numbers takes \(rowMemory >> 20) MiB"
        + " to read, the memory budget is \(context.memoryBudget >> 20) MiB",
      remedy:
        "use smaller images (\(option: "size")), or raise the memory budget"
    )
  }

  /// Rows to read at a time, at most `most` and no more than fit into a quarter
  /// of the budget.
  package func blockRows(most: Int, in context: RunContext) -> Int {
    let memory = max(context.memoryBudget / 4, Self.leastMemory)
    return max(1, min(most, memory / max(1, rowMemory)))
  }
}
