import Foundation
import FuzzReaders
import TestSupport
import Testing

@Suite("Corpus")
struct CorpusTests {
  @Test(
    "What fuzzing found is read or refused by a fault",
    arguments: FuzzReader.allCases)
  func replay(reader: FuzzReader) throws {
    let corpus = Repository.root
      .appending(path: "Tests/Fuzz/Corpus/\(reader.rawValue)")
    let names = try FileManager.default.contentsOfDirectory(atPath: corpus.path)
    let folder = try TemporaryFolder()
    var readable = 0
    for name in names {
      let bytes = try Data(contentsOf: corpus.appending(path: name))
      if try reader.read(bytes, in: folder.url) == nil { readable += 1 }
    }
    #expect(readable > 0, "of \(names.count) files")
    #expect(readable < names.count)
  }

  @Test("Every reader tells what it reads with, to be covered")
  func files() throws {
    let lines = try String(
      contentsOf: Repository.root.appending(path: "Tests/Fuzz/readers.txt"),
      encoding: .utf8
    ).split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: " ") }
    #expect(
      Set(lines.map { String($0[0]) })
        == Set(FuzzReader.allCases.map(\.rawValue)))
    for file in lines.flatMap({ $0.dropFirst() }) {
      let place = Repository.root.appending(path: "Sources/\(file)")
      #expect(FileManager.default.fileExists(atPath: place.path), "\(file)")
    }
  }

  @Test(
    "Files that are cut short anywhere are read or refused",
    arguments: FuzzReader.allCases)
  func cutShort(reader: FuzzReader) throws {
    let corpus = Repository.root
      .appending(path: "Tests/Fuzz/Corpus/\(reader.rawValue)")
    let folder = try TemporaryFolder()
    let names = try FileManager.default.contentsOfDirectory(atPath: corpus.path)
      .filter { $0.hasPrefix("seed") }.sorted()
    try #require(!names.isEmpty)
    for name in names {
      let bytes = try Data(contentsOf: corpus.appending(path: name))
      for count in stride(
        from: 0, to: bytes.count, by: max(1, bytes.count / 100))
      {
        try reader.read(bytes.prefix(count), in: folder.url)
      }
    }
  }
}
