import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("Conversion between layouts")
struct ConversionTests {
  private let folder: TemporaryFolder
  private let original: Dataset

  init() throws {
    folder = try TemporaryFolder()
    let files = [
      "train/good/000", "train/good/001", "train/good/002", "test/good/000",
      "test/scratch/000", "test/scratch/001", "ground_truth/scratch/000_mask",
      "ground_truth/scratch/001_mask",
    ]
    let shape = ImageShape(height: 4, width: 6, channels: 3)
    for (index, file) in files.enumerated() {
      let image = RasterImage(
        shape: shape,
        values: (0..<shape.count).map {
          Float(($0 * 7 + index * 31) % 256) / 255
        })
      try folder.write(PNG.data(of: image), to: "bottle/\(file).png")
    }
    original = try Dataset(at: folder.url.appending(path: "bottle"))
  }

  private func pixels(_ set: SampleSet) throws -> [Float] {
    let category = DatasetCategory(name: "", train: set, test: set)
    let shape = try category.imageShape(size: nil, color: .automatic)
    return try #require(set.source(of: shape)).matrix().values
  }

  private func converted(
    to kind: DatasetKind, _ name: String, from dataset: Dataset? = nil,
    size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> Dataset {
    let url = folder.url.appending(path: name)
    try (dataset ?? original).write(
      as: kind, to: url, size: size, color: color)
    return try Dataset(at: url)
  }

  @Test(
    "tables keep their double precision", arguments: [DatasetKind.npz, .csv])
  func precision(kind: DatasetKind) throws {
    let values: [Double] = [1_700_000_000.125, 1 / 3, -2e-300, 5]
    let url = try folder.write(
      ArrayFixture.npy(
        "'<f8'", "(2, 2)", ArrayFixture.bytes(values.map(\.bitPattern))),
      to: "rows.npy")
    let copy = try converted(
      to: kind, "copy.\(kind.rawValue)", from: Dataset(at: url))
    let source = try #require(
      copy.categories[0].train.source as? any PreciseSource)
    #expect(try source.doubles(ofRows: [0, 1]) == values)
  }

  @Test(
    "pixels and labels survive every layout of images",
    arguments: [DatasetKind.mvtec, .folders, .npy, .idx])
  func images(kind: DatasetKind) throws {
    let copy = try converted(to: kind, "copy")
    #expect(copy.kind == kind)
    let (a, b) = (original.categories[0], copy.categories[0])
    #expect(try pixels(a.train) == pixels(b.train))
    #expect(try pixels(a.test) == pixels(b.test))
    #expect(b.test.labels == [0, 1, 1])
    #expect(b.test.samples.map(\.id) == ["0", "1", "2"])
    if kind == .mvtec {
      #expect(b.test.samples.compactMap(\.mask).count == 2)
      #expect(b.test.samples[1].defect == "scratch")
    }
  }

  @Test(
    "a table of all rows survives npz and csv",
    arguments: [
      DatasetKind.npz, .csv,
    ])
  func tables(kind: DatasetKind) throws {
    let copy = try converted(to: kind, "copy.\(kind.rawValue)")
    let rows = copy.categories[0]
    #expect(rows.isTransductive)
    #expect(rows.test.labels == [0, 0, 0, 0, 1, 1])
    #expect(
      try pixels(rows.test)
        == pixels(original.categories[0].train)
        + pixels(original.categories[0].test))
    #expect(
      try pixels(
        converted(to: kind, "again.\(kind.rawValue)", from: copy)
          .categories[0].test) == pixels(rows.test))
  }

  @Test("images can be shrunk and turned grey on the way, arrays too")
  func resampling() throws {
    let size = PixelSize(width: 3, height: 2)
    let fromFiles = try converted(
      to: .npy, "files", size: size, color: .grey)
    let fromArray = try converted(
      to: .npy, "array", from: converted(to: .npy, "full"), size: size,
      color: .grey)
    #expect(
      fromFiles.categories[0].train.imageShape
        == ImageShape(height: 2, width: 3, channels: 1))
    #expect(
      try pixels(fromFiles.categories[0].train)
        == pixels(fromArray.categories[0].train))
  }

  @Test("NumPy's header begins the numbers at a multiple of 64 bytes")
  func header() {
    let header = NPY.header(type: .float32, shape: [140_000, 64, 64, 3])
    #expect(header.count.isMultiple(of: 64))
    #expect(
      String(decoding: header.dropFirst(10), as: UTF8.self).hasPrefix(
        "{'descr': '<f4', 'fortran_order': False,"
          + " 'shape': (140000, 64, 64, 3,), }"))
  }

  @Test("what a layout cannot hold is refused, and nothing is left behind")
  func refusals() throws {
    let table = try Dataset(
      at: folder.write("a,b\n1,2\n3,4\n", to: "table.csv"))
    let target = folder.url.appending(path: "target")
    for kind in [DatasetKind.idx, .mvtec, .folders] {
      #expect(throws: DatasetFault.self) {
        try table.write(as: kind, to: target)
      }
    }
    let floats = try Dataset(
      at: folder.write(
        ArrayFixture.zip([
          .init(
            name: "X.npy",
            content: ArrayFixture.npy(
              "'<f4'", "(1, 1, 2)",
              ArrayFixture.bytes([0, 7].map { Float($0).bitPattern })))
        ]), to: "floats.npz"))
    #expect(throws: DatasetFault.self) {
      try floats.write(as: .npy, to: target)
    }
    #expect(!target.isReachable)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.url.path)
    #expect(!names.contains { $0.hasSuffix(".partial") })

    try folder.write("here", to: "full/file")
    let fault = #expect(throws: FileFault.self) {
      try self.original.write(
        as: .npy, to: self.folder.url.appending(path: "full"))
    }
    #expect(fault?.kind == .inputOutput)
  }

  @Test("cancelling leaves nothing behind")
  func cancelling() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    let target = folder.url.appending(path: "target")
    #expect(throws: CancellationError.self) {
      try self.original.write(
        as: .folders, to: target,
        in: RunContext(cancellation: cancellation))
    }
    #expect(!target.isReachable)
  }
}
