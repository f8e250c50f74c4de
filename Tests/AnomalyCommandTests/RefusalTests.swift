import Foundation
import TestSupport
import Testing

@Suite struct RefusalTests {
  @Test(
    "Wrong arguments are refused in one line with status 64",
    arguments: [
      ["compar"], ["compare"], ["compare", inspection, "--nope"],
      ["compare", inspection, "--detectors", "tarot"],
      ["compare", inspection, "--nu", "many"],
      ["compare", inspection, "--nu", "2"],
      ["compare", inspection, "--n-clusters", "0"],
      ["compare", inspection, "--size", "0"],
      ["compare", inspection, "--category", "spoon"],
      ["compare", inspection, "--repeats", "0"],
      ["compare", inspection, "--threads", "0"],
      ["dataset", "synthesize", "--hard", "--layout", "npy", "--output", "x"],
      ["submit", inspection, "--detector", "pca"],
      ["fit", inspection, "--pool", "--detector", "pca"],
      ["submit", inspection, "--pool", "--detector", "pca", "--format", "x"],
      ["submit", inspection, "--pool", "--detector", "pca", "--quantile", "1"],
    ])
  func wrongArguments(arguments: [String]) throws {
    try CommandRun(arguments).expectRefusal(status: 64)
  }

  @Test(
    "A refusal says what was meant, or what is possible",
    arguments: [
      ("sumbit x --detector cnn", "no command sumbit: did you mean submit?"),
      ("submit x --detctor cnn", "has no --detctor: did you mean --detector?"),
      ("compare x --epohcs 3", "has no --epohcs: did you mean --epochs?"),
      ("score x --model m --epochs 3", "it is set when a model is fitted"),
      ("fit x --output m", "anomaly fit has no --output"),
      ("dataset inof x", "no command inof: did you mean info?"),
      ("dataset info x --header-rows", "see anomaly dataset info --help"),
      ("submit x --seed -1", "write --seed=-1"),
      ("compare x --kind mvtek", "use mvtec, or another of"),
      ("dataset convert \(inspection) --to visa --output y", "use npy, idx"),
      ("submit x --detector PCA", "did you mean pca?"),
      ("submit x --detector isolation-forest", "`anomaly detectors` lists all"),
      ("submit x --detector all", "all are several detectors, and one"),
      ("submit x --seed y", "--seed cannot be y: use a whole number"),
      ("inspect x --model m --latent a=1 --output o", "a change such as 0*=2"),
      ("submit x --format id", "use id-prediction, ID-score, Id-Predicted"),
      ("submit x --output -", "--output - names no file"),
      ("compare /tmp --output /tmp", "--output /tmp is the dataset"),
      ("submit x --epochs", "see anomaly submit --help"),
      ("submit x --detector pca --n-components 1.5", "below 1, auto or all"),
      ("submit x --detector pca --size 32x32", "use pixels a side, 1 to 4096"),
    ])
  func wayOn(command: String, words: String) throws {
    try CommandRun(command.split(separator: " ").map(String.init))
      .expectRefusal(status: 64, mentioning: words)
  }

  @Test("A path that is almost right is told")
  func almostRightPath() throws {
    try CommandRun("compare", inspection + "s").expectRefusal(
      status: 74, mentioning: "did you mean \(inspection)")
  }

  @Test("Labels without a header, and scores that miss some, are told so")
  func labelFiles() throws {
    let folder = try TemporaryFolder()
    let scores = try folder.write("id,score\n0,1\n1,2\n", as: "scores.csv")
    for (labels, words) in [
      ("0,1\n1,0\n", "the first line counts as one"),
      ("id,label\n0,1\n1,0\n2,1\n3,0\n", "line 4 and 1 others"),
    ] {
      try CommandRun(
        "evaluate", scores, "--labels", folder.write(labels, as: "labels.csv")
      ).expectRefusal(status: 65, mentioning: words)
    }
  }

  @Test("A dataset that is not there is refused by name")
  func missing() throws {
    try CommandRun("compare", "/nonexistent").expectRefusal(
      status: 74, mentioning: "/nonexistent")
  }

  @Test(
    "A model file that is cut, edited or no model is refused by name",
    arguments: ["cut", "edited", "words", "empty"])
  func damagedModel(damage: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("model.safetensors")
    try #require(
      try CommandRun(
        "fit", inspection, "--category", "bolt", "--size", "16", "--detector",
        "kmeans", "--model", path
      ).status == 0)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    switch damage {
    case "cut": bytes.removeLast(100)
    case "edited": bytes[bytes.count - 50] ^= 1
    case "words": bytes = Data("not a model, but a text".utf8)
    default: bytes = Data()
    }
    try bytes.write(to: URL(fileURLWithPath: path))
    try CommandRun(
      "score", inspection, "--category", "bolt", "--model", path
    ).expectRefusal(status: 65, mentioning: "model.safetensors")
  }

  @Test("A model of images refuses a table")
  func modelOfOtherData() throws {
    let folder = try TemporaryFolder()
    let model = folder.path("model.safetensors")
    _ = try CommandRun(
      "fit", inspection, "--category", "bolt", "--size", "16", "--detector",
      "pca", "--model", model)
    let table = try folder.write("a,b\n1,2\n3,4\n", as: "table.csv")
    let run = try CommandRun("score", table, "--model", model)
    run.expectRefusal(status: 65)
    // Which columns were taken is told of what is used.
    #expect(!run.errors.contains("note"))
  }

  @Test("A full disk leaves no part of the output")
  func fullDisk() throws {
    try CommandRun(
      "submit", inspection, "--pool", "--size", "16", "--detector", "pca",
      "--output", "/dev/full"
    ).expectRefusal(status: 74, mentioning: "/dev/full", "space")
  }

  @Test("A folder that is not there cannot take the output")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    try CommandRun(
      "submit", inspection, "--pool", "--size", "16", "--detector", "pca",
      "--output", folder.path("no/such/submission.csv")
    ).expectRefusal(status: 74, mentioning: "submission.csv")
    #expect(try folder.contents.isEmpty)
  }

  @Test(
    "A corrupt image is refused by name and leaves no output",
    arguments: [0, 20, 1000])
  func corruptImage(length: Int) throws {
    let folder = try TemporaryFolder()
    let data = folder.url.appendingPathComponent("bolt")
    try FileManager.default.copyItem(
      atPath: inspection + "/bolt", toPath: data.path)
    let image = data.appendingPathComponent("test/bent/003.png")
    let bytes = try Data(contentsOf: image).prefix(length)
    try bytes.write(to: image)
    try CommandRun(
      "submit", data.path, "--detector", "pca", "--output",
      folder.path("submission.csv")
    ).expectRefusal(status: 65, mentioning: "003.png")
    #expect(try folder.contents == ["bolt"])
  }

  @Test("An empty test set is refused", arguments: ["score", "submit"])
  func emptyTestSet(command: String) throws {
    let folder = try TemporaryFolder()
    for name in ["train/good", "test"] {
      try FileManager.default.createDirectory(
        at: folder.file("data/" + name), withIntermediateDirectories: true)
    }
    for index in 0..<4 {
      try FileManager.default.copyItem(
        atPath: inspection + "/weave/train/good/00\(index).png",
        toPath: folder.path("data/train/good/\(index).png"))
    }
    let model = folder.path("model.safetensors")
    if command == "score" {
      let fit = try CommandRun(
        "fit", inspection, "--category", "weave", "--detector", "pca",
        "--model", model)
      #expect(fit.status == 0, "\(fit.errors)")
    }
    let files = try folder.contents
    let detector =
      command == "score" ? ["--model", model] : ["--detector", "pca"]
    try CommandRun(
      [command, folder.path("data")] + detector
        + ["--output", folder.path("out.csv")]
    ).expectRefusal(status: 65, mentioning: "test")
    #expect(try folder.contents == files)
  }

  @Test("One class of labels, and words for scores, are refused by name")
  func evaluate() throws {
    let folder = try TemporaryFolder()
    let scores = try folder.write("id,score\n0,1\n1,2\n", as: "s.csv")
    let ones = try folder.write("id,label\n0,1\n1,1\n", as: "l.csv")
    try CommandRun("evaluate", scores, "--labels", ones).expectRefusal(
      status: 65, mentioning: "1")
    let words = try folder.write("id,score\n0,high\n1,2\n", as: "w.csv")
    let labels = try folder.write("id,label\n0,1\n1,0\n", as: "m.csv")
    try CommandRun("evaluate", words, "--labels", labels).expectRefusal(
      status: 65, mentioning: "w.csv", "high")
    let fewer = try folder.write("id,label\n0,1\n", as: "f.csv")
    try CommandRun("evaluate", scores, "--labels", fewer).expectRefusal(
      status: 65, mentioning: "f.csv")
  }

  @Test("A number that is none is told with the file, row and column")
  func notANumber() throws {
    let folder = try TemporaryFolder()
    let header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (50, 3), }"
      .padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
    var bytes = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0])
    bytes += Data(header.utf8)
    for index in 0..<150 {
      let value = index == 41 * 3 + 2 ? Float.nan : Float(index % 7)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }
    try folder.write(bytes, to: "rows.npy")
    for scaler in ["standard", "min-max", "none"] {
      let run = try CommandRun(
        "submit", "rows.npy", "--detector", "pca", "--scaler", scaler,
        "--output", "out.csv", in: folder.url)
      run.expectRefusal(
        status: 65, mentioning: "row 41, column 2 of", "rows.npy")
    }
  }

  @Test("Columns of scores that are combined can be named")
  func combine() throws {
    let folder = try TemporaryFolder()
    for name in ["a.csv", "b.csv"] {
      try folder.write("id,key,score,raw\n0,x,1,9\n1,y,2,3\n", to: name)
    }
    func combined(_ options: String...) throws -> String {
      let run = try CommandRun(
        ["combine", "a.csv", "b.csv", "--by", "mean", "--output", "c.csv"]
          + options, in: folder.url)
      #expect(run.status == 0, "\(run.errors)")
      return try String(contentsOf: folder.file("c.csv"), encoding: .utf8)
    }
    #expect(try combined() == "id,prediction\n0,1.0\n1,2.0\n")
    #expect(
      try combined("--score-column", "raw", "--id-column", "key")
        == "id,prediction\nx,9.0\ny,3.0\n")
  }

  @Test("Help and version are no errors")
  func help() throws {
    for arguments in [["--help"], ["compare", "--help"], ["--version"]] {
      let run = try CommandRun(arguments)
      #expect(run.status == 0)
      #expect(run.errors.isEmpty)
      #expect(!run.output.isEmpty)
    }
  }
}
