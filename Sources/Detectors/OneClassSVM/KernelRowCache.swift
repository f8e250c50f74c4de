/// Rows of the kernel matrix; the least recently used goes first.
///
/// One slab of memory, cut into slots as long as a row is at present: rows get
/// shorter as the solver shrinks its problem, and more of them fit.
final class KernelRowCache {
  private let slab: UnsafeMutablePointer<Float>
  private let slabLength: Int
  /// The elements of a row.
  private var rowLength = 0
  /// The slot of each row, or -1.
  private var slotOfRow: [Int] = []
  /// The row in each slot, or -1.
  private var rowOfSlot: [Int] = []
  private var lastUse: [Int] = []
  private var clock = 0

  /// - Parameters:
  ///   - elements: The length of the slab; there is always room for two rows.
  ///   - longestRow: No row will be longer.
  init(elements: Int, longestRow: Int) {
    let row = Self.stride(longestRow)
    slabLength = max(2 * row, min(elements, longestRow * row))
    // The system provides the pages when they are first written.
    slab = UnsafeMutableRawPointer.allocate(
      byteCount: slabLength * MemoryLayout<Float>.stride,
      alignment: MemoryLayout<SIMD16<Float>>.alignment
    ).bindMemory(to: Float.self, capacity: slabLength)
  }

  deinit { slab.deallocate() }

  /// The number of rows that fit.
  var capacity: Int { rowOfSlot.count }

  /// Drops every row; the next ones have another length.
  func reset(rowLength: Int) {
    self.rowLength = rowLength
    slotOfRow = [Int](repeating: -1, count: rowLength)
    cutSlots()
  }

  func contains(_ row: Int) -> Bool { slotOfRow[row] >= 0 }

  /// The elements of a row, if it is there.
  func find(_ row: Int) -> UnsafePointer<Float>? {
    let slot = slotOfRow[row]
    guard slot >= 0 else { return nil }
    touch(slot)
    return UnsafePointer(slab + slot * Self.stride(rowLength))
  }

  /// Room for a row that is not there, in place of the least recently used.
  func claim(_ row: Int) -> UnsafeMutablePointer<Float> {
    var slot = 0
    for candidate in 1..<capacity where lastUse[candidate] < lastUse[slot] {
      slot = candidate
    }
    if rowOfSlot[slot] >= 0 { slotOfRow[rowOfSlot[slot]] = -1 }
    rowOfSlot[slot] = row
    slotOfRow[row] = slot
    touch(slot)
    return slab + slot * Self.stride(rowLength)
  }

  /// Keeps only some rows and, of these, only the elements of the same
  /// indices, which are numbered anew from zero.
  ///
  /// - Parameter kept: Indices in ascending order.
  func keep(_ kept: [Int]) {
    let oldStride = Self.stride(rowLength)
    let oldSlots = rowOfSlot
    let oldUse = lastUse
    var newIndex = [Int](repeating: -1, count: rowLength)
    for (index, row) in kept.enumerated() { newIndex[row] = index }

    rowLength = kept.count
    slotOfRow = [Int](repeating: -1, count: rowLength)
    cutSlots()
    // Both the slots and the elements move towards the front, so that nothing
    // is overwritten before it was read.
    var slot = 0
    for (oldSlot, row) in oldSlots.enumerated() {
      guard row >= 0, newIndex[row] >= 0 else { continue }
      let source = slab + oldSlot * oldStride
      let target = slab + slot * Self.stride(rowLength)
      for (index, element) in kept.enumerated() {
        target[index] = source[element]
      }
      rowOfSlot[slot] = newIndex[row]
      slotOfRow[newIndex[row]] = slot
      lastUse[slot] = oldUse[oldSlot]
      slot += 1
    }
  }

  private func touch(_ slot: Int) {
    clock += 1
    lastUse[slot] = clock
  }

  private func cutSlots() {
    let slots = min(slabLength / Self.stride(rowLength), max(2, rowLength))
    rowOfSlot = [Int](repeating: -1, count: slots)
    lastUse = [Int](repeating: 0, count: slots)
  }

  /// The length of a slot: whole vectors.
  private static func stride(_ rowLength: Int) -> Int {
    max(rowLength + 15, 16) & ~15
  }
}
