import Foundation
import FuzzReaders

/// What libFuzzer calls with every input; `FUZZ_READER` names the reader.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(
  _ bytes: UnsafePointer<UInt8>, _ count: Int
) -> CInt {
  do {
    try Fuzzing.reader.read(
      Data(UnsafeBufferPointer(start: bytes, count: count)),
      in: Fuzzing.folder)
  } catch {
    fatalError("no fault: \(type(of: error)) \(error)")
  }
  return 0
}

private enum Fuzzing {
  static let reader: FuzzReader = {
    let name = ProcessInfo.processInfo.environment["FUZZ_READER"] ?? ""
    guard let reader = FuzzReader(rawValue: name) else {
      fatalError(
        "FUZZ_READER must be one of "
          + FuzzReader.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return reader
  }()

  /// In memory where the system has such a place.
  static let folder: URL = {
    let memory = URL(filePath: "/dev/shm")
    let place =
      FileManager.default.fileExists(atPath: memory.path)
      ? memory : URL.temporaryDirectory
    let folder = place.appending(path: "fuzz-\(getpid())")
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true)
    } catch {
      fatalError("\(error)")
    }
    return folder
  }()
}
