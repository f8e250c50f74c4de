import Datasets
import Files
import Foundation
import TestSupport
import Testing

@Suite("Pictures in folders and lists")
struct PictureFilesTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.writeImages(["in/2.png", "in/10.png", "in/x/1.png"])
  }

  private func ids(_ name: String) throws -> [String] {
    try SampleSet(picturesAt: folder.file(name)).samples.map(\.id)
  }

  @Test("A folder gives its pictures and those of the folders in it")
  func folders() throws {
    #expect(try ids("in") == ["1", "2", "10"])
    try folder.writeImages(["in/y/1.png"])
    #expect(try ids("in") == ["2", "10", "x/1", "y/1"])
  }

  @Test("A list gives the pictures it names, from where it is")
  func lists() throws {
    try folder.writeImages(["elsewhere/1.png"])
    try folder.write(
      "in/x/1.png\r\n\n  in/10.png\n\(folder.path("in/2.png"))\n",
      to: "list.txt")
    #expect(try ids("list.txt") == ["1", "2", "10"])
    try folder.write(
      "../in/x/1.png\n../elsewhere/1.png\n", to: "lists/list.txt")
    #expect(try ids("lists/list.txt") == ["elsewhere/1", "in/x/1"])
  }

  @Test("What is a picture, its ending tells or its bytes do")
  func formats() throws {
    try folder.writeImages(["all/a.JPG", "all/b.bmp", "all/c", "all/d.webp"])
    try folder.write("text", to: "all/e")
    try folder.write("text", to: "all/f.txt")
    #expect(try ids("all") == ["a", "b", "c", "d"])
    #expect(try ids("all/c") == ["c"])
    let webP = try folder.write("RIFF....WEBPVP8 ", to: "all/g.webp")
    #expect(
      throws: DatasetFault.foreignPicture(
        path: webP.standardizedFileURL.path, format: "WebP")
    ) { try ids("all") }
  }

  @Test("A picture is one")
  func single() throws {
    #expect(try ids("in/x/1.png") == ["1"])
  }

  @Test("What holds no pictures, or one twice, is refused by name")
  func refusals() throws {
    try folder.write("\n \n", to: "blank.txt")
    try folder.write("in/2.png\nin/2.png\n", to: "twice.txt")
    try folder.write(Data([0xff, 0xfe, 0x00]), to: "bytes.npy")
    try FileManager.default.createDirectory(
      at: folder.file("empty"), withIntermediateDirectories: false)
    func path(_ name: String) -> String {
      folder.file(name).standardizedFileURL.path
    }
    for name in ["blank.txt", "empty"] {
      #expect(throws: DatasetFault.noImages(path: path(name))) {
        try ids(name)
      }
    }
    #expect(
      throws: DatasetFault.duplicateID(path: path("twice.txt"), id: "2")
    ) { try ids("twice.txt") }
    for name in ["bytes.npy", "missing"] {
      #expect(throws: FileFault.self) { try ids(name) }
    }
  }
}
