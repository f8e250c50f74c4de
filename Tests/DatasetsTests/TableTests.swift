import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

/// Tables as people bring them, with what a person reads out of them.
@Suite("Tables")
struct TableTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private final class Notes: ProgressSink {
    private let storage = Protected<[String]>([])
    var lines: [String] { storage.withLock(\.self) }
    func report(_ progress: ProgressReport) {}
    func note(_ line: FaultMessage) {
      storage.withLock { $0.append(line.text(for: .commandLine)) }
    }
  }

  /// What is read of a table, and what is told of it.
  private func read(
    _ table: Data, as name: String = "table.csv",
    _ set: (inout DatasetOptions) -> Void = { _ in }
  ) throws -> (
    values: [Float], ids: [String], labels: [Int]?, notes: [String]
  ) {
    var options = DatasetOptions()
    set(&options)
    let notes = Notes()
    let category = try Dataset(
      at: folder.write(table, to: name), options: options,
      in: RunContext(progress: notes)
    ).categories[0]
    return (
      try category.train.source.matrix().values,
      category.test.samples.map(\.id), category.test.labels, notes.lines
    )
  }

  private func read(
    _ table: String, _ set: (inout DatasetOptions) -> Void = { _ in }
  ) throws -> (
    values: [Float], ids: [String], labels: [Int]?, notes: [String]
  ) {
    try read(Data(table.utf8), set)
  }

  private func problem(
    _ table: String, _ set: (inout DatasetOptions) -> Void = { _ in }
  ) throws -> String {
    let fault = #expect(throws: FileFault.self) {
      _ = try self.read(table, set)
    }
    return try #require(fault).problem.text(for: .commandLine)
  }

  @Test(
    "What pandas saves of an index is no feature",
    arguments: ["", "Unnamed: 0"])
  func index(name: String) throws {
    let table = try read("\(name),a,b,label\n0,5,6,0\n1,7,8,1\n2,9,1,0\n")
    #expect(table.values == [5, 6, 7, 8, 9, 1])
    #expect(table.ids == ["0", "1", "2"])
    let both = try read("Unnamed: 0,id,a,y\n0,p,6,0\n1,q,8,1\n")
    #expect(both.values == [6, 8])
    #expect(both.ids == ["p", "q"])
    #expect(
      both.notes == [
        "label: y, id: id, 1 feature; ignored: \"Unnamed: 0\" (an index)"
      ])
  }

  @Test("Commas at the ends of all lines, or of the header, are no column")
  func trailingCommas() throws {
    for text in ["a,b,label,\n1,2,0,\n3,4,1,\n", "a,b,label,\n1,2,0\n3,4,1\n"] {
      let table = try read(text)
      #expect(table.values == [1, 2, 3, 4])
      #expect(table.ids == ["0", "1"])
      #expect(table.labels == [0, 1])
    }
  }

  @Test("A column without a name or content is no column, in one row either")
  func emptyColumn() throws {
    let table = try read("a,,y\n7,,0\n")
    #expect(table.values == [7])
    #expect(table.ids == ["0"])
    #expect(table.labels == [0])
    #expect(
      try problem("a,b,y\n7,,0\n")
        == "a number is missing in column b on line 2")
  }

  @Test(
    "A text file is a table when it holds a separator",
    arguments: ["t.txt", "t.data"])
  func textFiles(name: String) throws {
    let table = Data("a b\ty\n1\t0\n2\t1\n".utf8)
    #expect(try read(table, as: name).labels == [0, 1])
    #expect(throws: DatasetFault.self) {
      _ = try self.read(Data("good/000.png\ngood/001.png\n".utf8), as: name)
    }
  }

  @Test("Single letters say nothing of labels until they are named")
  func letters() throws {
    let text = "a,diagnosis\n1,B\n2,M\n3,B\n"
    #expect(
      try read(text) {
        $0.labelColumn = "diagnosis"
        $0.normalValues = ["B"]
      }.labels == [0, 1, 0])
    #expect(
      try problem(text) { $0.labelColumn = "diagnosis" }
        == "nobody knows which of the labels B, M is ordinary")
  }

  @Test("The label is the column that holds labels")
  func labelByContent() throws {
    let points = try read("x,y,label\n0.5,2.25,0\n1.5,7.5,1\n")
    #expect(points.values == [0.5, 2.25, 1.5, 7.5])
    #expect(points.labels == [0, 1])
    #expect(
      try problem("a,label,outlier\n1,0,1\n2,1,0\n")
        == "label and outlier may both be the label")
    let chosen = try read("a,label,outlier\n1,0,1\n2,1,0\n") {
      $0.labelColumn = "outlier"
    }
    #expect(chosen.labels == [1, 0])
    #expect(chosen.values == [1, 2])
    let copy = try read("a,copy,label\n1,0,0\n2,1,1\n") {
      $0.labelColumn = "label"
    }
    #expect(copy.values == [1, 2])
  }

  @Test("Columns are left out by name")
  func dropped() throws {
    let table = try read("a,b,c,y\n1,x,2,0\n3,z,4,1\n") {
      $0.dropColumns = ["b,c"]
    }
    #expect(table.values == [1, 3])
  }

  @Test(
    "Labels are read as people write them",
    arguments: [
      "0 1 0", "0.0 1.0 0.0", "False True False", "no yes no",
      "normal anomaly normal", "Good BAD good", "ok ng OK", "1 -1 1",
      "benign malignant benign", "inlier outlier inlier",
      "normal. smurf. normal.",
    ])
  func labelWords(words: String) throws {
    let words = words.split(separator: " ")
    let rows = words.enumerated().map { "\($0).5,\($1)\n" }.joined()
    #expect(try read("a,label\n" + rows).labels == [0, 1, 0])
  }

  @Test("Labels that say nothing are refused by their values, until named")
  func classNames() throws {
    let text = "a,class\n1,cat\n2,dog\n3,cat\n4,cow\n"
    #expect(
      try problem(text)
        == "nobody knows which of the labels cat, dog, cow is ordinary")
    #expect(
      try read(text) { $0.normalValues = ["cat"] }.labels == [0, 1, 0, 1])
    #expect(
      try read(text) { $0.anomalyValues = ["dog"] }.labels == [0, 1, 0, 0])
    let numbers = "a,class\n1,3\n2,5\n3,3\n"
    #expect(try problem(numbers) == "the label on line 2 is 3")
    #expect(try read(numbers) { $0.normalValues = ["3"] }.labels == [0, 1, 0])
    #expect(
      try read("a,label\n1,1\n2,-1\n").notes == [
        "label: label, id: none, 1 feature; guessed: 1 is ordinary, -1"
          + " anomalous"
      ])
  }

  @Test("Separators, decimal commas, marks and line ends are read")
  func dialects() throws {
    let texts = [
      "a;b;y\n1,5;2;0\n3;4,25;1\n", "sep=;\na;b;y\n1,5;2;0\n3;4,25;1\n",
      "a|b|y\n1.5|2|0\n3|4.25|1\n", "a\tb\ty\r1.5\t2\t0\r3\t4.25\t1\r",
      "sep=,\r\na,b,y\r\n1.5,2,0\r\n3,4.25,1\r\n",
    ]
    for text in texts {
      let table = try read(text)
      #expect(table.values == [1.5, 2, 3, 4.25], "\(text)")
      #expect(table.labels == [0, 1])
    }
    let text = "a,b,y\n1.5,2,0\n3,4.25,1\n"
    let little = try #require(text.data(using: .utf16LittleEndian))
    let big = try #require(text.data(using: .utf16BigEndian))
    for data in [
      Data([0xff, 0xfe]) + little, Data([0xfe, 0xff]) + big, little,
      ArrayFixture.gzip(Data(text.utf8)),
    ] {
      #expect(try read(data).values == [1.5, 2, 3, 4.25])
    }
    for name in ["t.tsv", "t.txt", "t.data", "t.CSV"] {
      #expect(try read(Data(text.utf8), as: name).labels == [0, 1])
    }
    let packed = ArrayFixture.gzip(Data(text.utf8))
    #expect(try read(packed, as: "t.csv.gz").labels == [0, 1])
  }

  @Test("A header that is missing, doubled or repeated is called that")
  func headers() throws {
    #expect(
      try problem("0,tcp,5.5,attack\n0,udp,3.5,attack\n0,tcp,2,normal\n")
        == "the first line (0,tcp,5.5,attack) looks like the rows below it, the"
        + " header seems to be missing; words are in column 2, 4")
    #expect(try problem("a,a,y\n1,2,0\n") == "the column a is there twice")
    #expect(
      try problem("a,b,y\n1,2,0\na,b,y\n3,4,1\n")
        == "line 3 repeats the header")
  }

  // numpy.nanmean([1, 2, 9]) = 4, numpy.nanmedian = 2.
  @Test("Missing numbers are counted, or filled in as asked")
  func missing() throws {
    let text = "a,b,y\n1,5,0\n,6,0\n2,NaN,0\n9,7,1\n"
    #expect(
      try problem(text)
        == "2 numbers are missing: 1 in column a, first on line 3; 1 in column"
        + " b, first on line 4")
    #expect(
      try read(text) { $0.missing = .mean }.values == [1, 5, 4, 6, 2, 6, 9, 7])
    #expect(
      try read(text) { $0.missing = .median }.values
        == [1, 5, 2, 6, 2, 6, 9, 7])
    let dropped = try read(text) { $0.missing = .drop }
    #expect(dropped.values == [1, 5, 9, 7])
    #expect(dropped.ids == ["0", "3"])
    #expect(dropped.labels == [0, 1])
  }

  @Test("Columns of words are named, or become a column for each word")
  func categories() throws {
    let text = "a,proto,y\n1,tcp,0\n2,udp,0\n3,tcp,1\n"
    #expect(
      try problem(text)
        == "columns hold words, not numbers: proto (\"tcp\" on line 2)")
    let table = try read(text) { $0.categorical = .oneHot }
    #expect(table.values == [1, 1, 0, 2, 0, 1, 3, 1, 0])
    #expect(
      try problem("t,a,y\n2020-01-31,1,0\n2020-02-01,2,1\n")
        == "column t holds dates, such as \"2020-01-31\" on line 2")
  }

  @Test("Parquet is refused with the line that converts it")
  func parquet() throws {
    let fault = #expect(throws: FileFault.self) {
      _ = try self.read(Data("PAR1....PAR1".utf8), as: "t.parquet")
    }
    #expect(fault?.problem == "the file is Parquet, not text")
    #expect(fault?.remedy.description.contains("to_csv") == true)
  }

  @Test("Labels lie beside a table, with ids as people write them")
  func labelsBeside() throws {
    _ = try folder.write(
      "id,label\n00.png,0\n2.0,ok\n".replacing("ok", with: "1"),
      to: "labels.csv")
    #expect(try read("id,a\n0,5\n2,6\n").labels == [0, 1])
    _ = try folder.write(
      "file,kind\ntest/0.png,good\ntest/2.png,scratch\ntrain/7.png,good\n",
      to: "labels.csv")
    #expect(try read("id,a\n0,5\n2,6\n").labels == [0, 1])
  }

  @Test("A decision beside a score is not what is judged")
  func scores() throws {
    let scores = try folder.write(
      "id,prediction,score\n0,1,0.25\n1,0,0.75\n2,1,0.5\n", to: "scores.csv")
    let labels = try folder.write(
      "id,label\n0,normal\n1,anomaly\n2,normal\n", to: "labels.csv")
    let table = try ScoreTable(scores: scores, labels: labels)
    #expect(table.scores == [0.25, 0.75, 0.5])
    #expect(table.labels == [0, 1, 0])
    var options = DatasetOptions()
    options.scoreColumn = "prediction"
    #expect(
      try ScoreTable(scores: scores, labels: labels, options: options).scores
        == [1, 0, 1])
    let twice = try folder.write("id,score\n0,1\n0,2\n", to: "twice.csv")
    let fault = #expect(throws: FileFault.self) {
      _ = try ScoreTable(scores: twice, labels: labels)
    }
    #expect(fault?.problem == "the id 0 on line 3 occurs twice")
  }

  @Test("What was guessed of an archive is one line")
  func archiveNote() throws {
    let rows = ArrayFixture.npy(
      "'<f4'", "(2, 1, 2)",
      ArrayFixture.bytes(([0, 51, 255, 102] as [Float]).map(\.bitPattern)))
    let labels = ArrayFixture.npy(
      "'<i8'", "(2,)", ArrayFixture.bytes([1, -1] as [Int64]))
    let archive = ArrayFixture.zip([
      .init(name: "data.npy", content: rows),
      .init(name: "target.npy", content: labels),
    ])
    #expect(
      try read(archive, as: "t.npz").notes == [
        "arrays: X is data, y is target; intensities: 0 to 255, divided by 255;"
          + " y: guessed: 1 is ordinary, -1 anomalous"
      ])
  }

  @Test("Arrays of an archive are found by other names, or listed")
  func arrayNames() throws {
    let rows = ArrayFixture.npy(
      "'<i8'", "(2, 2)", ArrayFixture.bytes([1, 2, 3, 4] as [Int64]))
    let labels = ArrayFixture.npy(
      "'<i8'", "(2,)", ArrayFixture.bytes([1, -1] as [Int64]))
    func archive(_ names: (String, String)) -> Data {
      ArrayFixture.zip([
        .init(name: names.0 + ".npy", content: rows),
        .init(name: names.1 + ".npy", content: labels),
      ])
    }
    for names in [("x", "y"), ("data", "target"), ("features", "labels")] {
      let table = try read(archive(names), as: "t.npz")
      #expect(table.values == [1, 2, 3, 4])
      #expect(table.labels == [0, 1])
    }
    let strange = archive(("feat", "lab"))
    let fault = #expect(throws: FileFault.self) {
      _ = try self.read(strange, as: "t.npz")
    }
    #expect(fault?.problem == "there is no array X among feat, lab")
    let named = try read(strange, as: "t.npz") { $0.arrays = "X=feat,y=lab" }
    #expect(named.labels == [0, 1])
  }

  @Test("Training and test rows of an archive are kept apart")
  func splitArchive() throws {
    let archive = ArrayFixture.zip(
      [
        ("X_train", [1, 2]), ("y_train", [0, 1]), ("X_test", [3, 4]),
        ("y_test", [1, 0]),
      ].map { name, values in
        .init(
          name: name + ".npy",
          content: ArrayFixture.npy(
            "'<i8'", name.hasPrefix("X") ? "(2, 1)" : "(2,)",
            ArrayFixture.bytes(values as [Int64])))
      })
    let category = try Dataset(at: folder.write(archive, to: "t.npz"))
      .categories[0]
    #expect(try category.train.source.matrix().values == [1])
    #expect(try category.test.source.matrix().values == [3, 4])
    #expect(category.test.labels == [1, 0])
  }

  @Test("Pictures of 0 to 255 in floats are those of bytes")
  func pixelRange() throws {
    let values: [Float] = [0, 51, 255, 102]
    let archive = ArrayFixture.zip([
      .init(
        name: "X.npy",
        content: ArrayFixture.npy(
          "'<f4'", "(1, 2, 2)", ArrayFixture.bytes(values.map(\.bitPattern))))
    ])
    #expect(try read(archive, as: "t.npz").values == [0, 0.2, 1, 0.4])
  }

  @Test("One array of rows is a table")
  func loneArray() throws {
    let rows = ArrayFixture.npy(
      "'<i4'", "(2, 2)", ArrayFixture.bytes([1, 2, 3, 4] as [Int32]))
    #expect(try read(rows, as: "rows.npy").values == [1, 2, 3, 4])
  }
}
