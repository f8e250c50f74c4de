import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Whole files")
struct WholeFileTests {
  @Test("A file is written, and written over")
  func writing() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("scores.csv")
    try WholeFile.write("first and longer", to: file)
    #expect(try String(contentsOf: file, encoding: .utf8) == "first and longer")
    try WholeFile.write(to: file) { sink in
      try sink.write(Data("sec".utf8))
      try sink.write(Data())
      try sink.write(Data("ond".utf8))
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "second")
    #expect(try folder.contents == ["scores.csv"])
  }

  @Test("When the writing fails, the old file stays and nothing else does")
  func failure() throws {
    struct Interruption: Error {}
    let folder = try TemporaryFolder()
    for existing in [nil, "old"] {
      let file = folder.file("model")
      if let existing { try WholeFile.write(existing, to: file) }
      #expect(throws: Interruption.self) {
        try WholeFile.write(to: file) { sink in
          try sink.write(Data("half".utf8))
          throw Interruption()
        }
      }
      let left = try? String(contentsOf: file, encoding: .utf8)
      #expect(left == existing)
      #expect(try folder.contents == (existing == nil ? [] : ["model"]))
    }
  }

  @Test(
    "A full disk is a fault that names the target",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func fullDisk() {
    #expect(
      throws: FileFault.unwritable(
        path: "/dev/full", reason: "no space left on device")
    ) {
      try WholeFile.write("anything", to: URL(fileURLWithPath: "/dev/full"))
    }
  }

  @Test("A link is followed, whether or not there is something at its end")
  func links() throws {
    let folder = try TemporaryFolder()
    for (link, target) in [("link", "second"), ("second", "inner/file")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.path(link), withDestinationPath: target)
    }
    try OutputFolder.create(folder.file("inner"))
    for text in ["new", "newer"] {
      try WholeFile.write(text, to: folder.file("link"))
      let file = folder.file("inner/file")
      #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }
    #expect(try folder.contents == ["inner", "link", "second"])

    try FileManager.default.createSymbolicLink(
      atPath: folder.path("round"), withDestinationPath: "round")
    #expect(throws: FileFault.self) {
      try WholeFile.write("text", to: folder.file("round"))
    }
  }

  @Test("A file that may not be replaced is left as it is")
  func existing() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("old", to: "file")
    #expect(
      throws: FileFault.unwritable(path: file.path, reason: "it exists already")
    ) {
      try WholeFile.write(to: file, replaces: false) {
        try $0.write(Data("new".utf8))
      }
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "old")
  }

  @Test("Nobody is told of the hidden folder that becomes the target")
  func hiddenFolder() throws {
    let folder = try TemporaryFolder()
    let target = folder.file("out")
    #expect(
      throws: FileFault.unwritable(
        path: target.path + "/a/b", reason: "no such file or directory")
    ) {
      try WholeFolder.write(to: target) {
        try WholeFile.write("text", to: $0.appending(path: "a/b"))
      }
    }
    #expect(try folder.contents.isEmpty)
  }

  @Test("A device is written to, not replaced")
  func device() throws {
    let null = URL(fileURLWithPath: "/dev/null")
    try WholeFile.write("anything", to: null)
    var status = stat()
    #expect(stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test("A pipe receives the bytes")
  func pipe() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("pipe")
    #expect(mkfifo(file.path, 0o600) == 0)
    // Open for reading first, or the writer would wait for a reader.
    let reader = open(file.path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try WholeFile.write("through", to: file)
    var received = [UInt8](repeating: 0, count: 16)
    let count = read(reader, &received, received.count)
    #expect(Array(received.prefix(max(count, 0))) == Array("through".utf8))
  }

  @Test("A folder that is missing, or no folder, is a fault")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    let missing = folder.file("missing").appendingPathComponent("scores.csv")
    #expect(
      throws: FileFault.unwritable(
        path: missing.path, reason: "no such file or directory")
    ) { try WholeFile.write("text", to: missing) }

    try WholeFile.write("text", to: folder.file("file"))
    let below = folder.file("file").appendingPathComponent("scores.csv")
    #expect(
      throws: FileFault.unwritable(path: below.path, reason: "not a directory")
    ) { try WholeFile.write("text", to: below) }

    #expect(
      throws: FileFault.unwritable(
        path: folder.url.path, reason: "is a directory")
    ) { try WholeFile.write("text", to: folder.url) }
    #expect(try folder.contents == ["file"])
  }

  @Test(
    "A folder without write permission is a fault and keeps its files",
    .enabled(if: geteuid() != 0, "root may write everywhere"))
  func noPermission() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("scores.csv")
    try WholeFile.write("old", to: file)
    #expect(chmod(folder.url.path, 0o500) == 0)
    #expect(
      throws: FileFault.unwritable(path: file.path, reason: "permission denied")
    ) { try WholeFile.write("new", to: file) }
    #expect(try String(contentsOf: file, encoding: .utf8) == "old")
  }

  @Test("A folder is filled beside what is in it, or stays as it was")
  func merging() throws {
    let folder = try TemporaryFolder()
    try folder.write("kept", to: "out/own.txt")
    try folder.write("old", to: "out/inner/a.txt")
    func merge(failing: Bool) throws {
      try WholeFolder.merge(into: folder.file("out")) { url in
        try OutputFolder.create(url.appending(path: "inner"))
        for name in ["b.txt", "inner/a.txt"] {
          try WholeFile.write("new", to: url.appending(path: name))
        }
        if failing { throw CancellationError() }
      }
    }
    func text(_ name: String) -> String? {
      try? String(contentsOf: folder.file("out/" + name), encoding: .utf8)
    }
    #expect(throws: CancellationError.self) { try merge(failing: true) }
    #expect(text("inner/a.txt") == "old")
    #expect(text("b.txt") == nil)
    try merge(failing: false)
    #expect(text("inner/a.txt") == "new")
    #expect(text("b.txt") == "new")
    #expect(text("own.txt") == "kept")
    #expect(try folder.contents == ["out"])
  }

  @Test("The user is told the file, the reason and the mend")
  func description() {
    let fault = FileFault.unwritable(path: "a.csv", reason: "is a directory")
    #expect(
      "\(fault)" == "cannot write: is a directory (a.csv): "
        + "choose another output or make room and permission there")
    #expect(fault.kind == .inputOutput)
    let malformed = FileFault.malformed(
      path: "m", problem: "broken", remedy: "mend it")
    #expect("\(malformed)" == "broken (m): mend it")
    #expect(malformed.kind == .data)
  }
}
