import Diagnostics
import Execution
import Files
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("Layouts of published data sets")
struct PublishedLayoutTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private final class Notes: ProgressSink {
    private let kept = Protected<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func report(_ report: ProgressReport) {}
    func note(_ line: FaultMessage) {
      kept.withLock { $0.append(line.text(for: .commandLine)) }
    }
  }

  private func read(
    _ path: String = "", _ options: DatasetOptions = DatasetOptions()
  ) throws -> (dataset: Dataset, notes: [String]) {
    let notes = Notes()
    let dataset = try Dataset(
      at: folder.url.appending(path: path), options: options,
      in: RunContext(progress: notes))
    return (dataset, notes.lines)
  }

  /// Writes a grey BMP of 2 x 2 pixels, black or with one that is not.
  private func writeMask(_ brightest: UInt8, to path: String) throws {
    let palette: [UInt8] = (0...255).flatMap { [$0, $0, $0, 0] }
    let header: [UInt8] =
      Array("BM".utf8) + [0, 0, 0, 0, 0, 0, 0, 0, 0x36, 4, 0, 0]
      + [40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 8, 0]
      + [UInt8](repeating: 0, count: 24)
    try folder.write(
      Data(header + palette + [0, brightest, 0, 0, 0, 0, 0, 0]), to: path)
  }

  // MARK: MVTec and its kin

  @Test("MVTec 3D-AD: pictures in rgb, masks of the same name in gt")
  func mvtec3D() throws {
    try folder.writeImages([
      "bagel/train/good/rgb/000.png", "bagel/train/good/rgb/001.png",
      "bagel/validation/good/rgb/000.png", "bagel/test/good/rgb/000.png",
      "bagel/test/good/gt/000.png", "bagel/test/hole/rgb/000.png",
      "bagel/test/hole/gt/000.png",
    ])
    try folder.write("tiff", to: "bagel/train/good/xyz/000.tiff")
    try folder.write("tiff", to: "bagel/test/hole/xyz/000.tiff")
    let (dataset, notes) = try read()
    #expect(dataset.kind == .mvtec)
    #expect(dataset.sign == "bagel/train/good/")
    let bagel = dataset.categories[0]
    #expect(bagel.train.count == 2)
    #expect(bagel.test.labels == [0, 1])
    #expect(bagel.test.samples[0].mask == nil)
    #expect(
      bagel.test.samples[1].mask?.path.hasSuffix("hole/gt/000.png") == true)
    #expect(
      notes == [
        "passed over: validation/, which --validation train would learn from"
      ])

    var options = DatasetOptions()
    options.validation = .train
    #expect(try read("", options).dataset.categories[0].train.count == 3)
    options.validation = .test
    #expect(
      try read("", options).dataset.categories[0].test.labels == [0, 1, 0])
  }

  @Test("MVTec LOCO: the masks of a picture are united")
  func loco() throws {
    try folder.writeImages(["train/good/000.png", "test/good/000.png"])
    try folder.writeImages(["test/logical_anomalies/000.png"])
    let masks = "ground_truth/logical_anomalies/000"
    for (name, values) in [("000", [1, 0, 0, 0]), ("001", [0, 0, 1, 0])] {
      let mask = RasterImage(
        shape: ImageShape(height: 2, width: 2, channels: 1),
        values: values.map(Float.init))
      try folder.write(PNG.data(of: mask), to: "\(masks)/\(name).png")
    }
    let test = try read().dataset.categories[0].test
    #expect(test.labels == [0, 1])
    let mask = try DefectMaskFile.read(try #require(test.samples[1].mask))
    #expect(mask.values == [1, 0, 1, 0])
  }

  @Test("BTAD: ok and ko, masks of the same name with another ending")
  func btad() throws {
    try folder.writeImages([
      "01/train/ok/0000.bmp", "01/train/ok/0001.bmp", "01/test/ok/0000.bmp",
      "01/test/ko/0002.bmp",
    ])
    try writeMask(255, to: "01/ground_truth/ko/0002.BMP")
    try folder.write("text", to: "readme.txt")
    try folder.write("text", to: "notes/more.txt")
    let (dataset, notes) = try read()
    #expect(dataset.kind == .mvtec)
    let category = dataset.categories[0]
    #expect(category.test.samples.map(\.defect) == ["ko", "ok"])
    #expect(category.test.labels == [1, 0])
    #expect(
      category.test.samples[0].mask?.lastPathComponent == "0002.BMP")
    #expect(notes == ["passed over: notes, readme.txt"])
  }

  // MARK: VisA

  private func writeVisA() throws {
    let data = "candle/Data"
    try folder.writeImages(
      (0..<5).map { "\(data)/Images/Normal/000\($0).JPG" }
        + ["\(data)/Images/Anomaly/000.JPG"])
    try writeMask(2, to: "\(data)/Masks/Anomaly/000.png")
  }

  @Test("VisA: the split of its table, masks of numbered defects")
  func visa() throws {
    try writeVisA()
    let normal = "candle/Data/Images/Normal"
    try folder.write(
      """
      object,split,label,image,mask
      candle,train,normal,\(normal)/0000.JPG,
      candle,train,normal,\(normal)/0001.JPG,
      candle,test,normal,\(normal)/0002.JPG,
      candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,\
      candle/Data/Masks/Anomaly/000.png

      """, to: "split_csv/1cls.csv")
    try folder.write("text", to: "LICENSE")
    for path in ["", "candle"] {
      let (dataset, notes) = try read(path)
      #expect(dataset.kind == .visa)
      #expect(dataset.categories.map(\.name) == ["candle"])
      let candle = dataset.categories[0]
      #expect(candle.train.count == 2)
      #expect(candle.test.labels == [0, 1])
      #expect(candle.test.samples.map(\.id) == ["0", "1"])
      let mask = try #require(candle.test.samples[1].mask)
      #expect(try DefectMaskFile.read(mask).values == [0, 0, 0, 1])
      #expect(notes == (path.isEmpty ? ["passed over: LICENSE"] : []))
    }
    try folder.removeItem(at: "\(normal)/0002.JPG")
    #expect(throws: DatasetFault.self) { try read() }
  }

  @Test("a category of VisA without the table is split by the seed")
  func visaWithoutSplit() throws {
    try writeVisA()
    let (dataset, notes) = try read("candle")
    #expect(dataset.categories[0].train.count == 4)
    #expect(dataset.categories[0].test.labels?.sorted() == [0, 1])
    #expect(
      notes == [
        "candle: no split is given; learned from are 4 of 5 ordinary pictures,"
          + " drawn by the seed 0, tested are the other 1 and 1 anomalies"
      ])
  }

  // MARK: Kolektor

  @Test("KolektorSDD: what a mask marks is an anomaly")
  func kolektor() throws {
    for number in 1...3 {
      for part in 0..<2 {
        let name = "kos0\(number)/Part\(part)"
        try folder.writeImages(["\(name).jpg"])
        try writeMask(
          number == 2 && part == 1 ? 1 : 0, to: "\(name)_label.bmp")
      }
    }
    let (dataset, _) = try read()
    #expect(dataset.kind == .kolektor)
    let category = dataset.categories[0]
    #expect(category.train.count == 4)
    #expect(category.test.labels?.reduce(0, +) == 1)
    let defect = try #require(category.test.samples.first { $0.label == 1 })
    #expect(defect.id == "kos02/Part1")
    #expect(defect.mask?.lastPathComponent == "Part1_label.bmp")
  }

  @Test("KolektorSDD2: defective training pictures are left out, and told")
  func kolektor2() throws {
    for (name, brightest) in [
      ("train/10", 0), ("train/11", 255), ("test/20", 0), ("test/21", 255),
    ] {
      try folder.writeImages(["\(name).png"])
      try writeMask(UInt8(brightest), to: "\(name)_GT.png")
    }
    let (dataset, notes) = try read()
    #expect(dataset.kind == .kolektor)
    let category = dataset.categories[0]
    #expect(category.train.samples.map(\.id) == ["10"])
    #expect(category.test.samples.map(\.id) == ["20", "21"])
    #expect(category.test.labels == [0, 1])
    #expect(
      notes.first?.hasSuffix(
        ": 1 of 2 training pictures are anomalies (defect), and are left out")
        == true)
    try folder.removeItem(at: "test/21_GT.png")
    #expect(throws: DatasetFault.self) { try read() }
  }

  // MARK: Folders by name

  @Test("names of folders are read as people write them")
  func folderNames() {
    for name in [
      "good", "OK", "Normal", "ok_front", "non-defective", "defect_free",
      "no defect", "not_anomalous",
    ] {
      #expect(LabelWords.label(ofFolder: name) == 0, "\(name)")
    }
    for name in [
      "bad", "KO", "NG", "def_front", "Defective", "not_ok", "abnormal",
      "Anomaly",
    ] {
      #expect(LabelWords.label(ofFolder: name) == 1, "\(name)")
    }
    for name in ["scratch", "0", "front", "good_or_bad", ""] {
      #expect(LabelWords.label(ofFolder: name) == nil, "\(name)")
    }
  }

  @Test("a casting product set, twice in a folder of its name")
  func casting() throws {
    let inner = "casting_data/casting_data"
    try folder.writeImages([
      "\(inner)/train/ok_front/1.jpeg", "\(inner)/train/def_front/2.jpeg",
      "\(inner)/test/ok_front/3.jpeg", "\(inner)/test/def_front/4.jpeg",
    ])
    let (dataset, notes) = try read()
    #expect(dataset.kind == .folders)
    #expect(dataset.sign == "\(inner)/train/")
    #expect(dataset.categories[0].train.samples.map(\.id) == ["1"])
    #expect(dataset.categories[0].test.labels == [0, 1])
    #expect(
      notes == [
        "casting_data: 1 of 2 training pictures are anomalies (def_front), and"
          + " are left out"
      ])
  }

  @Test("names in capitals are the same")
  func capitals() throws {
    try folder.writeImages([
      "a/Train/GOOD/1.PNG", "a/Test/GOOD/1.PNG", "a/Test/Dent/1.PNG",
      "b/TRAIN/1.JPG", "b/TEST/OK/1.BMP", "b/TEST/NG/2.Jpeg",
    ])
    let mvtec = try read("a").dataset
    #expect(mvtec.kind == .mvtec)
    #expect(mvtec.categories[0].test.labels == [1, 0])
    let folders = try read("b").dataset
    #expect(folders.kind == .folders)
    #expect(folders.categories[0].train.count == 1)
    #expect(folders.categories[0].test.labels == [0, 1])
  }

  @Test("normal and abnormal without a split are split by the seed")
  func classes() throws {
    try folder.writeImages((0..<8).map { "Normal/n\($0).png" })
    try folder.writeImages(["Abnormal/a0.png", "Abnormal/a1.png", "stray.png"])
    let (dataset, notes) = try read()
    #expect(dataset.kind == .classes)
    #expect(dataset.sign == "Normal/ beside Abnormal/")
    let category = dataset.categories[0]
    #expect(category.train.count == 6)
    #expect(category.test.labels?.sorted() == [0, 0, 1, 1])
    #expect(notes.first == "passed over: stray.png")
    #expect(notes.last?.contains("drawn by the seed 0") == true)
    let ids = Set((category.train.samples + category.test.samples).map(\.id))
    #expect(ids.count == 10)
    var options = DatasetOptions()
    options.seed = 5
    let other = try read("", options).dataset.categories[0]
    #expect(other.train.samples != category.train.samples)
    #expect(
      try read().dataset.categories[0].train.samples == category.train.samples)
  }

  // MARK: MNIST and its kin

  private func writeIDX(_ names: [String]) throws {
    for name in names {
      try folder.write(
        name.contains("images")
          ? ArrayFixture.idx([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7])
          : ArrayFixture.idx([2], [0, 1]), to: name)
    }
  }

  @Test("names of MNIST's kin, raw folders and doubled ones")
  func mnistNames() throws {
    let parts = ["train-images", "train-labels", "t10k-images", "t10k-labels"]
    try writeIDX(
      parts.map { "MNIST/raw/\($0)-idx3-ubyte" }
        + parts.map { "kaggle/\($0).idx3-ubyte/\($0).idx3-ubyte" }
        + ["train-images", "train-labels", "test-images", "test-labels"]
        .flatMap { part in
          ["qmnist/qmnist-\(part)-idx3-ubyte"]
            + ["digits", "letters"].map { "emnist/emnist-\($0)-\(part)-idx3" }
        })
    for path in [
      "MNIST", "kaggle", "qmnist", "emnist/emnist-letters-train-images-idx3",
    ] {
      let dataset = try read(path).dataset
      #expect(dataset.kind == .idx, "\(path)")
      #expect(dataset.categories.map(\.name) == ["0", "1"])
      #expect(dataset.categories[0].test.labels == [0, 1])
    }
    #expect(try read("MNIST").dataset.sign == "raw/train-images-idx3-ubyte")
    let fault = #expect(throws: DatasetFault.self) { _ = try read("emnist") }
    #expect(
      fault?.problem
        == "there are several sets: emnist-digits, emnist-letters")
    #expect(
      fault?.remedy.description.hasSuffix("emnist-digits-train-images-idx3")
        == true)
  }

  @Test("MNIST as tables is pictures, with a header or without")
  func mnistTables() throws {
    try folder.write(
      "label,1x1,1x2,2x1,2x2\n0,0,51,102,255\n1,1,2,3,4\n",
      to: "mnist_train.csv")
    try folder.write("0,5,6,7,8\r\n1,1,2,3,4\r\n", to: "mnist_test.csv")
    let dataset = try read().dataset
    #expect(dataset.kind == .idx)
    let train = dataset.categories[0].train
    #expect(train.imageShape == ImageShape(height: 2, width: 2, channels: 1))
    #expect(try train.source.matrix().values == [0, 0.2, 0.4, 1])
    #expect(dataset.categories[0].test.labels == [0, 1])
    for (text, problem) in [
      ("0,1,2,3,4\n0,1,2\n", "picture 2 has 2 pixels, others 4"),
      ("0,1,2,3,256\n", "field 5 of picture 1 is no number from 0 to 255"),
      ("0,1,2,3\n", "3 pixels are no square picture"),
    ] {
      try folder.write(text, to: "mnist_test.csv")
      let fault = #expect(throws: FileFault.self) { _ = try read() }
      #expect(fault?.problem == FaultMessage(problem))
    }
  }
}
