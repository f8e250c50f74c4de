import Foundation
import FuzzReaders

/// Reads all files of a folder with a reader: `Replay READER FOLDER`.
@main
enum Replay {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let reader = FuzzReader(rawValue: arguments[1])
    else {
      fatalError(
        "usage: Replay READER FOLDER, READER one of "
          + FuzzReader.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let files = FileManager.default
    let place = files.temporaryDirectory.appending(path: "replay-\(getpid())")
    try files.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: place) }
    let corpus = URL(filePath: arguments[2])
    var refused = 0
    let names = try files.contentsOfDirectory(atPath: corpus.path)
    for name in names {
      let bytes = try Data(contentsOf: corpus.appending(path: name))
      if try reader.read(bytes, in: place) != nil { refused += 1 }
    }
    print("\(names.count - refused) files read, \(refused) refused")
  }
}
