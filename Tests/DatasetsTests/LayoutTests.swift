import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra
import Parameters
import TestSupport
import Testing

@testable import Datasets

@Suite("Layouts of folders")
struct LayoutTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func writeCategory(_ name: String) throws {
    try folder.writeImages([
      "\(name)/train/good/000.png", "\(name)/train/good/001.png",
      "\(name)/test/good/000.png", "\(name)/test/scratch/2.png",
      "\(name)/test/scratch/10.png",
      "\(name)/ground_truth/scratch/2_mask.png",
      "\(name)/ground_truth/scratch/10_mask.png",
    ])
  }

  private func dataset(
    _ path: String = "", _ options: DatasetOptions = DatasetOptions()
  ) throws -> Dataset {
    try Dataset(at: folder.url.appending(path: path), options: options)
  }

  private func fault(_ path: String = "") -> DatasetFault? {
    #expect(throws: DatasetFault.self) { _ = try self.dataset(path) }
  }

  // MARK: MVTec AD

  @Test("an MVTec root gives its categories, ids counting through all")
  func mvtecRoot() throws {
    try writeCategory("screw")
    try writeCategory("bottle")
    try folder.write("text", to: "readme.txt")
    let dataset = try dataset()
    #expect(dataset.kind == .mvtec)
    #expect(dataset.categories.map(\.name) == ["bottle", "screw"])
    let screw = dataset.categories[1]
    #expect(screw.train.count == 2)
    #expect(screw.test.samples.map(\.id) == ["3", "4", "5"])
    #expect(screw.test.labels == [0, 1, 1])
    #expect(screw.test.samples.map(\.defect) == ["good", "scratch", "scratch"])
    #expect(
      screw.test.samples.map { $0.image?.lastPathComponent }
        == ["000.png", "2.png", "10.png"])
    #expect(
      screw.test.samples.map { $0.mask?.lastPathComponent }
        == [nil, "2_mask.png", "10_mask.png"])

    let pool = try dataset.pooled()
    #expect(pool.train.count == 4)
    #expect(pool.test.samples.map(\.id) == (0..<6).map(String.init))
    #expect(pool.test.labels == [0, 1, 1, 0, 1, 1])
  }

  @Test("a single category is recognised, and categories can be chosen")
  func mvtecCategory() throws {
    try writeCategory("screw")
    try writeCategory("bottle")
    let single = try dataset("screw")
    #expect(single.kind == .mvtec)
    #expect(single.categories.map(\.name) == ["screw"])
    #expect(single.categories[0].test.samples[0].id == "0")

    var options = DatasetOptions()
    options.categories = ["screw"]
    #expect(try dataset("", options).categories.map(\.name) == ["screw"])
    options.categories = ["nut"]
    let fault = #expect(throws: DatasetFault.self) {
      _ = try self.dataset("", options)
    }
    #expect(fault?.kind == .usage)
    #expect(fault?.remedy == "use bottle, screw")
  }

  @Test("missing and empty parts of an MVTec folder are named")
  func mvtecDamage() throws {
    try writeCategory("bottle")
    try writeCategory("screw")
    try folder.removeItem(at: "screw/ground_truth/scratch/10_mask.png")
    #expect(fault()?.place?.hasSuffix("scratch/10_mask.png") == true)

    try folder.removeItem(at: "screw/ground_truth")
    #expect(try dataset().categories[1].test.samples[1].mask == nil)

    try folder.removeItem(at: "screw/test/good/000.png")
    #expect(fault()?.place?.hasSuffix("screw/test/good") == true)

    try folder.removeItem(at: "screw/train/good/000.png")
    try folder.removeItem(at: "screw/train/good/001.png")
    #expect(fault()?.place?.hasSuffix("screw/train/good") == true)

    try folder.removeItem(at: "screw/train")
    #expect(fault()?.place?.hasSuffix("screw/train/good") == true)

    try folder.removeItem(at: "screw")
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "empty"),
      withIntermediateDirectories: true)
    #expect(try dataset().categories.map(\.name) == ["bottle"])
  }

  @Test("pictures of other formats are not passed over in silence")
  func otherFormats() throws {
    try writeCategory("bottle")
    try folder.write("tiff", to: "bottle/test/scratch/11.tif")
    #expect(fault("bottle")?.place?.hasSuffix("scratch/11.tif") == true)
    #expect(
      fault("bottle")?.problem
        == "the picture is a TIFF file, not PNG, JPEG or BMP")
    // What is a PNG file all the same is read.
    let image = RasterImage(shape: ImageShape(height: 2, width: 3, channels: 1))
    try folder.write(try PNG.data(of: image), to: "bottle/test/scratch/11.tif")
    try folder.writeImages(["bottle/ground_truth/scratch/11_mask.png"])
    #expect(try dataset("bottle").categories[0].test.count == 4)
  }

  // MARK: train and test

  @Test("flat folders are ordered by number, and the stem is the id")
  func flatFolders() throws {
    try folder.writeImages([
      "train/0.png", "train/1.PNG", "test/10.png", "test/2.png", "test/0.png",
      "test/1.png",
    ])
    let dataset = try dataset()
    #expect(dataset.kind == .folders)
    let category = dataset.categories[0]
    #expect(category.name == folder.url.lastPathComponent)
    #expect(category.train.count == 2)
    #expect(category.test.samples.map(\.id) == ["0", "1", "2", "10"])
    #expect(category.test.labels == nil)
  }

  @Test("subfolders of test give labels when one is called good")
  func labelledSubfolders() throws {
    try folder.writeImages([
      "train/a/0.png", "test/good/5.png", "test/broken/3.png",
    ])
    let test = try dataset().categories[0].test
    #expect(test.samples.map(\.id) == ["3", "5"])
    #expect(test.labels == [1, 0])
    #expect(test.samples.map(\.defect) == ["broken", "good"])
  }

  @Test("stems that occur twice are told apart by their folder")
  func repeatedStems() throws {
    try folder.writeImages([
      "train/0.png", "test/b/1.png", "test/a/10.png", "test/a/1.png",
    ])
    let test = try dataset().categories[0].test
    #expect(test.samples.map(\.id) == ["a/1", "a/10", "b/1"])
    #expect(test.labels == nil)
  }

  @Test("an empty or missing half is named")
  func missingHalf() throws {
    try folder.writeImages(["train/0.png"])
    #expect(fault()?.place?.hasSuffix("/test") == true)
    try folder.write("", to: "test/readme.txt")
    #expect(fault()?.place?.hasSuffix("/test") == true)
  }

  // MARK: Labels

  private func writeFlatFolders() throws {
    try folder.writeImages(["train/0.png"])
    try folder.writeImages((0..<3).map { "test/\($0).png" })
  }

  @Test("labels beside the data, or given, are matched by id")
  func labels() throws {
    try writeFlatFolders()
    try folder.write("Id,Usage,label\n2,x,1\n0,x,0\n1,x,1\n", to: "labels.csv")
    #expect(try dataset().categories[0].test.labels == [0, 1, 1])

    let other = try folder.write(
      "name,wert\n000.png,1\n1,0\n2.png,0.0\n", to: "other.csv")
    let options = DatasetOptions(labels: other)
    #expect(try dataset("", options).categories[0].test.labels == [1, 0, 0])
  }

  @Test("labels that do not fit the test set are refused")
  func wrongLabels() throws {
    try writeFlatFolders()
    let cases = [
      ("id,y\n0,0\n1,1\n", "there is no label for the test id 2"),
      (
        "id,y\n0,0\n1,1\n2,0\n7,1\n",
        "there is no test sample with the id 7 of line 5"
      ),
      ("id,y\n0,0\n1,2\n2,0\n", "the label on line 3 is 2"),
      (
        "id,y\n0,0\n1,good\n2,0\n",
        "nobody knows which of the labels 0, good is ordinary"
      ),
      ("id,y\n0,0\n1,1\n1,0\n", "the id 1 on line 4 occurs twice"),
      ("id\n0\n1\n2\n", "the labels have only one column"),
      ("", "the file is empty"),
    ]
    for (text, problem) in cases {
      try folder.write(text, to: "labels.csv")
      #expect {
        _ = try self.dataset()
      } throws: { error in
        let fault = error as? any Fault
        return fault?.problem == FaultMessage(problem) && fault?.kind == .data
      }
    }
  }

  // MARK: Arrays

  @Test("images stored as bytes become 0...1, real numbers stay as they are")
  func arrays() throws {
    let bytes = Data((0..<24).map { UInt8($0 * 10) })
    try folder.write(
      ArrayFixture.npy("'|u1'", "(2, 2, 2, 3)", bytes), to: "trainingset.npy")
    try folder.write(
      ArrayFixture.npy("'|u1'", "(1, 2, 2, 3)", bytes.prefix(12)),
      to: "testingset.npy")
    let dataset = try dataset()
    #expect(dataset.kind == .npy)
    let train = dataset.categories[0].train
    #expect(train.imageShape == ImageShape(height: 2, width: 2, channels: 3))
    #expect(try train.source.matrix(ofRows: [1]).values.first == 120 / 255)

    try folder.write(
      ArrayFixture.npy(
        "'<f4'", "(1, 2, 2)",
        ArrayFixture.bytes([1, 2, 3, 300].map { Float($0).bitPattern })),
      to: "trainingset.npy")
    #expect(
      fault()?.problem.description.hasPrefix("the training samples have")
        == true)
    try folder.write(
      ArrayFixture.npy(
        "'<f4'", "(1, 2, 2)",
        ArrayFixture.bytes([1, 2, 3, 300].map { Float($0).bitPattern })),
      to: "testingset.npy")
    let test = try self.dataset().categories[0].test
    #expect(test.imageShape?.channels == 1)
    #expect(try test.source.matrix().values == [1, 2, 3, 300])
  }

  @Test("arrays that are no images and no rows, and missing ones, are refused")
  func unusableArrays() throws {
    let pair = ["trainingset.npy", "testingset.npy"]
    for shape in ["(4,)", "()", "(0, 3)", "(1, 2, 2, 1, 1)", "(1, 2, 1, 2)"] {
      for name in pair {
        try folder.write(
          ArrayFixture.npy("'|u1'", shape, Data(count: 4)), to: name)
      }
      #expect(fault()?.place?.hasSuffix("trainingset.npy") == true)
    }
    try folder.removeItem(at: "testingset.npy")
    #expect(fault() != nil)
  }

  // MARK: Recognition

  @Test("what is no dataset is refused with what would be one")
  func unrecognized() throws {
    #expect(fault()?.remedy.description.contains("trainingset.npy") == true)
    try folder.write("text", to: "notes.txt")
    #expect(fault("notes.txt") != nil)
    #expect(throws: FileFault.self) { _ = try self.dataset("nothing") }
  }

  @Test("a kind can be forced")
  func forcedKind() throws {
    try writeCategory("bottle")
    let dataset = try dataset("bottle", DatasetOptions(kind: .folders))
    #expect(dataset.kind == .folders)
    #expect(dataset.categories[0].test.labels == [0, 1, 1])
    // What it holds are folders with names.
    let readable: [DatasetKind] = [.mvtec, .folders, .classes]
    for kind in DatasetKind.allCases where !readable.contains(kind) {
      #expect {
        _ = try self.dataset("bottle", DatasetOptions(kind: kind))
      } throws: {
        $0 is any Fault
      }
    }
  }

  @Test("an option that a layout does not have is refused by name")
  func foreignOption() throws {
    try writeCategory("bottle")
    var options = DatasetOptions()
    options.missing = .mean
    #expect(
      throws: ParameterFault.unknown(
        "missing", owner: "mvtec", owners: ["csv"])
    ) { _ = try self.dataset("bottle", options) }
  }

  @Test("names are ordered as people count")
  func numericOrder() {
    let names = ["b", "10", "a10", "2", "a2", "02", "0", "a", "1x", "1"]
    #expect(
      names.sortedNumerically { $0 }
        == ["0", "1", "1x", "02", "2", "10", "a", "a2", "a10", "b"])
  }
}
