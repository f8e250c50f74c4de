import Foundation
import Synchronization

/// Keeps a process alive when a file that it has mapped is cut short, or its
/// disk fails: what is missing reads as zeros, and the mapping is marked.
///
/// A handler of SIGBUS; it leaves all other addresses to the handler before it.
enum MappingGuard {
  /// The place of a guarded mapping in the table.
  struct Place {
    fileprivate let index: Int

    /// Whether bytes were missing.
    var isBroken: Bool {
      table.slots[index].isBroken.load(ordering: .acquiring)
    }
  }

  /// Nil when as many mappings are guarded as there can be.
  static func add(_ bytes: UnsafeRawBufferPointer) -> Place? {
    let start = UInt(bitPattern: bytes.baseAddress)
    for index in 0..<Table.count {
      let slot = table.slots + index
      // An end without a start belongs to no mapping yet.
      guard
        slot.pointee.end.compareExchange(
          expected: 0, desired: start + UInt(bytes.count),
          ordering: .acquiringAndReleasing
        ).exchanged
      else { continue }
      slot.pointee.isBroken.store(false, ordering: .relaxed)
      slot.pointee.start.store(start, ordering: .releasing)
      return Place(index: index)
    }
    return nil
  }

  /// To be called before the bytes are unmapped.
  static func remove(_ place: Place) {
    table.slots[place.index].start.store(0, ordering: .releasing)
    table.slots[place.index].end.store(0, ordering: .releasing)
  }
}

private struct Slot: ~Copyable {
  let start = Atomic<UInt>(0)
  let end = Atomic<UInt>(0)
  let isBroken = Atomic<Bool>(false)
}

/// What the handler reads; it is there before the first mapping is.
private struct Table: @unchecked Sendable {
  static let count = 4096
  let slots = UnsafeMutablePointer<Slot>.allocate(capacity: Self.count)
  let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))
  let previous = UnsafeMutablePointer<sigaction>.allocate(capacity: 1)

  init() {
    for index in 0..<Self.count { (slots + index).initialize(to: Slot()) }
    previous.initialize(to: sigaction())
    var action = sigaction()
    action.sa_flags = Int32(bitPattern: UInt32(SA_SIGINFO)) | Int32(SA_NODEFER)
    #if os(Linux)
    action.__sigaction_handler.sa_sigaction = handleBusError
    #else
    action.__sigaction_u.__sa_sigaction = handleBusError
    #endif
    sigaction(SIGBUS, &action, previous)
  }
}

private let table = Table()

/// Calls nothing but what a signal handler may, and `mmap`.
private func handleBusError(
  _ number: Int32, _ information: UnsafeMutablePointer<siginfo_t>?,
  _ context: UnsafeMutableRawPointer?
) {
  #if os(Linux)
  let place = information?.pointee._sifields._sigfault.si_addr
  #else
  let place = information?.pointee.si_addr
  #endif
  let address = UInt(bitPattern: place)
  for index in 0..<Table.count {
    let slot = table.slots + index
    let start = slot.pointee.start.load(ordering: .acquiring)
    let end = slot.pointee.end.load(ordering: .acquiring)
    guard start != 0, start <= address, address < end else { continue }
    slot.pointee.isBroken.store(true, ordering: .releasing)
    let page = address / table.pageSize * table.pageSize
    let zeros = mmap(
      UnsafeMutableRawPointer(bitPattern: page), Int(end - page), PROT_READ,
      MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0)
    if zeros != MAP_FAILED { return }
  }
  // The access is tried again, and the handler before this one called.
  sigaction(SIGBUS, table.previous, nil)
}
