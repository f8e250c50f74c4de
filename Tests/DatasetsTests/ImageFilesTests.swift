import Execution
import Files
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("Folders of pictures as sources of samples")
struct ImageFilesTests {
  private let folder = try? TemporaryFolder()

  private func set(channels: Int = 3) throws -> SampleSet {
    let folder = try #require(folder)
    return SampleSet(
      imageFiles: try (0..<5).map { index in
        let shape = ImageShape(height: 6, width: 9, channels: channels)
        let image = RasterImage(
          shape: shape,
          values: (0..<shape.count).map {
            Float(($0 * 5 + index * 77) % 256) / 255
          })
        return Sample(
          id: "\(index)", category: "c",
          image: try folder.write(PNG.data(of: image), to: "\(index).png"))
      })
  }

  private func category(_ set: SampleSet) -> DatasetCategory {
    DatasetCategory(name: "c", train: set, test: set)
  }

  @Test("size and colour decide the shape that files are decoded to")
  func shape() throws {
    let color = category(try set())
    #expect(
      try color.imageShape(size: nil, color: .automatic)
        == ImageShape(height: 6, width: 9, channels: 3))
    #expect(
      try color.imageShape(
        size: nil, fileSize: ImageFiles.defaultSize, color: .grey)
        == ImageShape(height: 64, width: 64, channels: 1))
    #expect(
      try category(set(channels: 1)).imageShape(
        size: PixelSize(square: 4), color: .automatic)
        == ImageShape(height: 4, width: 4, channels: 1))
  }

  @Test("rows are decoded when they are read, selected ones too")
  func rows() throws {
    let set = try set()
    let shape = ImageShape(height: 3, width: 3, channels: 1)
    let rows = try #require(set.source(of: shape))
    let some = try #require(set.selecting([3, 1]).source(of: shape))
    #expect(try some.matrix() == rows.matrix(ofRows: [3, 1]))
    let image = try PictureFile.decode(
      #require(set.samples[3].image), size: PixelSize(square: 3), color: .grey)
    #expect(try some.matrix(ofRows: [0]).values == image.values)
  }

  @Test("a picture that is changed or replaced between two passes is a fault")
  func changes() throws {
    let folder = try #require(folder)
    let shape = ImageShape(height: 6, width: 9, channels: 1)
    let other = try PNG.data(of: RasterImage(shape: shape))
    func replace(in set: SampleSet) throws {
      // The time of a file is not told more exactly than by some milliseconds.
      Thread.sleep(forTimeInterval: 0.02)
      try folder.write(other, to: "new.png")
      let file = try #require(set.samples[2].image)
      #expect(rename(folder.path("new.png"), file.path) == 0)
    }
    func expectFault(
      of set: SampleSet, _ read: (SampleSet) throws -> Void,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try replace(in: set)
      #expect(
        throws: FileFault.unreadable(
          path: try #require(set.samples[2].image).path,
          reason: "it was changed since it was first read"),
        sourceLocation: sourceLocation
      ) { try read(set) }
    }
    func read(_ set: SampleSet) throws {
      _ = try #require(set.source(of: shape)).matrix()
    }
    let header = try set()
    _ = try category(header).imageShape(size: nil, color: .automatic)
    try expectFault(of: header, read)
    let decoded = try set()
    try read(decoded.selecting([4, 2]))
    try expectFault(of: decoded) { _ = try $0.picture(at: 2) }
    let summed = try set()
    _ = try summed.checksum(in: RunContext())
    try expectFault(of: summed, read)
    let pooled = try set()
    try read(pooled)
    try expectFault(of: pooled) { set in
      try read(
        Dataset(
          name: "d", kind: .folders,
          categories: [category(set), category(set)]
        ).pooled().train)
    }
  }

  @Test("they are kept as bytes where that loses nothing and fits")
  func bytes() throws {
    let set = try set()
    let native = ImageShape(height: 6, width: 9, channels: 3)
    let files = try #require(set.source(of: native) as? ImageFiles)
    let bytes = try #require(try files.bytes(in: RunContext()))
    #expect(try bytes.matrix() == files.matrix())
    let context = RunContext(memoryBudget: files.rows * files.columns)
    #expect(try files.bytes(in: context) == nil)
    for shape in [
      ImageShape(height: 3, width: 9, channels: 3),
      ImageShape(height: 6, width: 9, channels: 1),
    ] {
      let files = try #require(set.source(of: shape) as? ImageFiles)
      #expect(try files.bytes(in: RunContext()) == nil)
    }
  }
}
