import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Datasets

@Suite("IDX")
struct IDXTests {
  private let folder: TemporaryFolder
  /// Twenty training images of 2 x 2 pixels, their classes 0, 1, 2, 3 in turn.
  private static let trainCount = 20
  private static let testCount = 8

  init() throws {
    folder = try TemporaryFolder()
    try write(
      "train-images-idx3-ubyte.gz",
      [Self.trainCount, 2, 2], { UInt8($0) })
    try write(
      "train-labels-idx1-ubyte.gz", [Self.trainCount], { UInt8($0 % 4) })
    try write("t10k-images-idx3-ubyte", [Self.testCount, 2, 2], { UInt8($0) })
    try write("t10k-labels-idx1-ubyte", [Self.testCount], { UInt8($0 % 4) })
  }

  private func write(
    _ name: String, _ shape: [Int], _ byte: (Int) -> UInt8
  ) throws {
    let data = ArrayFixture.idx(
      shape, (0..<shape.reduce(1, *)).map(byte))
    try folder.write(
      name.hasSuffix(".gz") ? ArrayFixture.gzip(data) : data, to: name)
  }

  private func dataset(
    _ change: (inout DatasetOptions) -> Void = { _ in }
  ) throws -> Dataset {
    var options = DatasetOptions()
    change(&options)
    return try Dataset(at: folder.url, options: options)
  }

  @Test("every class becomes a category whose anomalies are the others")
  func categories() throws {
    let dataset = try dataset()
    #expect(dataset.kind == .idx)
    #expect(dataset.categories.map(\.name) == ["0", "1", "2", "3"])
    let category = dataset.categories[1]
    #expect(category.train.samples.map(\.id) == ["1", "5", "9", "13", "17"])
    #expect(category.test.count == Self.testCount)
    #expect(category.test.labels == [1, 0, 1, 1, 1, 0, 1, 1])
    #expect(category.test.samples[2].defect == "2")
    #expect(
      category.train.imageShape == ImageShape(height: 2, width: 2, channels: 1))
    let expected: [Float] = [20 / 255, 21 / 255, 22 / 255, 23 / 255]
    #expect(try category.train.source.matrix(ofRows: [1]).values == expected)
  }

  @Test("normal and anomaly labels choose what is compared")
  func labels() throws {
    let category = try #require(
      try dataset {
        $0.normalLabels = [1, 2]
        $0.anomalyLabels = [3]
      }.categories.first)
    #expect(category.name == "1+2")
    #expect(category.train.count == 10)
    #expect(category.test.samples.map(\.id) == ["1", "2", "3", "5", "6", "7"])
    #expect(category.test.labels == [0, 0, 1, 0, 0, 1])
  }

  @Test("a contaminated set holds the floor of the fraction, chosen by seed")
  func contamination() throws {
    func category(seed: UInt64) throws -> DatasetCategory {
      try dataset {
        $0.normalLabels = [1]
        $0.anomalyLabels = [3]
        $0.contamination = 0.5
        $0.seed = seed
      }.categories[0]
    }
    let first = try category(seed: 1)
    #expect(first.isTransductive)
    #expect(first.train.count == 7)
    #expect(first.test.labels?.reduce(0, +) == 2)
    #expect(first.train.samples == first.test.samples)
    #expect(try category(seed: 1).train.samples == first.train.samples)
    let others = try (2..<8).map { try category(seed: $0).train.samples }
    #expect(others.contains { $0 != first.train.samples })
  }

  private static let mnist = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "shared/data/mnist")

  @Test(
    "MNIST contaminated by one percent: 6,742 ones and 67 threes",
    .enabled(if: Self.mnist.isFolder))
  func contaminatedMNIST() throws {
    var options = DatasetOptions()
    options.normalLabels = [1]
    options.anomalyLabels = [3]
    options.contamination = 0.01
    let category = try Dataset(at: Self.mnist, options: options).categories[0]
    #expect(category.train.count == 6809)
    #expect(category.train.labels?.reduce(0, +) == 67)
    #expect(Set(category.train.samples.map(\.defect)) == ["1", "3"])
  }

  @Test("without label files there is one category without labels")
  func unlabelled() throws {
    try folder.removeItem(at: "train-labels-idx1-ubyte.gz")
    try folder.removeItem(at: "t10k-labels-idx1-ubyte")
    let category = try #require(try dataset().categories.first)
    #expect(category.train.count == 20)
    #expect(category.test.labels == nil)
    #expect(throws: DatasetFault.self) {
      _ = try self.dataset { $0.normalLabels = [1] }
    }
  }

  @Test("elements of every type read exactly")
  func types() throws {
    let cases: [(UInt8, Data, [Float])] = [
      (0x09, Data([255, 3]), [-1, 3]),
      (
        0x0b, ArrayFixture.bytes([-300, 2] as [Int16], isBigEndian: true),
        [-300, 2]
      ),
      (
        0x0c, ArrayFixture.bytes([-70_000, 2] as [Int32], isBigEndian: true),
        [-70_000, 2]
      ),
      (
        0x0d,
        ArrayFixture.bytes(
          [Float(0.5), -2].map(\.bitPattern), isBigEndian: true),
        [0.5, -2]
      ),
      (
        0x0e,
        ArrayFixture.bytes(
          [0.5, -2].map(\.bitPattern), isBigEndian: true),
        [0.5, -2]
      ),
    ]
    for (type, content, expected) in cases {
      let url = try folder.write(
        Data([0, 0, type, 1, 0, 0, 0, 2]) + content, to: "types")
      #expect(try IDX.read(url).matrix().values == expected)
    }
  }

  @Test("wrong magic, too few bytes and damaged gzip are refused by name")
  func damage() throws {
    let good = ArrayFixture.idx([2, 2, 2], [UInt8](repeating: 1, count: 8))
    var wrongMagic = good
    wrongMagic[2] = 7
    var damagedGzip = ArrayFixture.gzip(good)
    damagedGzip[damagedGzip.count - 6] ^= 1
    let huge = ArrayFixture.idx([60_000, 30_000, 30_000], [1, 2, 3])
    for data in [
      Data(), Data([0, 0]), wrongMagic, good.dropLast(), damagedGzip,
      Data(ArrayFixture.gzip(good).dropLast(3)),
      Data(ArrayFixture.gzip(good).dropLast(9)),
      ArrayFixture.gzip(good.dropLast()), ArrayFixture.gzip(good + [1]), huge,
      ArrayFixture.gzip(huge), ArrayFixture.gzip(Data("words".utf8)),
    ] {
      let url = try folder.write(data, to: "train-images-idx3-ubyte.gz")
      let fault = #expect(throws: FileFault.self) { _ = try IDX.read(url) }
      #expect(fault?.kind == .data)
      #expect(fault?.place == url.path)
    }
  }

  @Test("images and labels, training and test images must fit together")
  func misfits() throws {
    try write("t10k-labels-idx1-ubyte", [7], { UInt8($0 % 4) })
    #expect(throws: DatasetFault.self) { _ = try self.dataset() }
    try write("t10k-labels-idx1-ubyte", [Self.testCount], { UInt8($0 % 4) })
    try write("t10k-images-idx3-ubyte", [Self.testCount, 2, 3], { UInt8($0) })
    #expect(throws: DatasetFault.self) { _ = try self.dataset() }
    try folder.removeItem(at: "t10k-images-idx3-ubyte")
    #expect(throws: DatasetFault.self) { _ = try self.dataset() }
  }

  @Test("options that ask for what is not there are refused")
  func wrongOptions() throws {
    #expect(throws: DatasetFault.self) {
      _ = try self.dataset { $0.normalLabels = [9] }
    }
    #expect(throws: DatasetFault.self) {
      _ = try self.dataset { $0.contamination = 0.1 }
    }
    #expect(throws: DatasetFault.self) {
      _ = try self.dataset {
        $0.normalLabels = [1, 2, 3]
        $0.contamination = 1
      }
    }
    #expect(throws: ParameterFault.self) {
      _ = try self.dataset {
        $0.normalLabels = [1]
        $0.contamination = .nan
      }
    }
    #expect(throws: DatasetFault.self) {
      _ = try self.dataset { $0.categories = ["7"] }
    }
  }

  @Test("training and test images count against the memory together")
  func memory() throws {
    let folder = try TemporaryFolder()
    for name in ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"] {
      try folder.write(
        ArrayFixture.gzip(
          ArrayFixture.idx([10, 4, 5], [UInt8](repeating: 0, count: 200))),
        to: name)
    }
    func count(_ memoryBudget: Int) throws -> Int {
      try Dataset(at: folder.url, in: RunContext(memoryBudget: memoryBudget))
        .categories[0].train.count
    }
    #expect(try count(400) == 10)
    #expect(throws: FileFault.self) { try count(399) }
  }

  @Test("no change of bytes crashes the reader")
  func mutations() throws {
    var random = SeededGenerator(seed: 9)
    let good = ArrayFixture.idx([2, 2, 2], [UInt8](repeating: 1, count: 8))
    let files = [good, ArrayFixture.gzip(good)]
    for round in 0..<3000 {
      let url = try folder.write(
        files[round % 2].mutated(using: &random), to: "mutation")
      guard let array = try? IDX.read(url) else { continue }
      _ = try? array.samples(category: "", path: "")
      if array.rows < 1000, array.columns < 1000 {
        #expect(try array.matrix().rows == array.rows)
      }
    }
  }
}
