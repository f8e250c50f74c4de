import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("CSV")
struct CSVTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func read(
    _ text: String, idColumn: String? = nil, labelColumn: String? = nil
  ) throws -> DatasetCategory {
    var options = DatasetOptions()
    options.idColumn = idColumn
    options.labelColumn = labelColumn
    let url = try folder.write(text, to: "table.csv")
    return try Dataset(at: url, options: options).categories[0]
  }

  private func values(_ category: DatasetCategory) throws -> [Float] {
    try category.train.source.matrix().values
  }

  @Test("ids, labels and numbers come from their columns")
  func columns() throws {
    let table = try read("id,a,b,label\nx,1,2,0\ny,3,4,1\n")
    #expect(try values(table) == [1, 2, 3, 4])
    #expect(table.test.samples.map(\.id) == ["x", "y"])
    #expect(table.test.labels == [0, 1])
    #expect(table.isTransductive)
    #expect(table.name == "table")
  }

  @Test("without id and label columns rows are numbered and unlabelled")
  func bare() throws {
    let table = try read("a,b\n1,2\n3,4")
    #expect(table.test.samples.map(\.id) == ["0", "1"])
    #expect(table.test.labels == nil)
  }

  @Test("columns can be named")
  func namedColumns() throws {
    let table = try read(
      "a,key,wrong,b\n1,p,0,2\n3,q,1,4\n", idColumn: "key",
      labelColumn: "wrong")
    #expect(try values(table) == [1, 2, 3, 4])
    #expect(table.test.samples.map(\.id) == ["p", "q"])
    #expect(table.test.labels == [0, 1])
    #expect(throws: FileFault.self) {
      _ = try self.read("a,b\n1,2\n", labelColumn: "c")
    }
  }

  @Test("quotes, spaces, CRLF, blank lines, BOM and other separators are read")
  func notation() throws {
    let tables = [
      "a,b\r\n1,2\r\n3,4\r\n", "\u{feff}a,b\n1,2\n\n3,4\n\n",
      "a;b\n1;2\n3;4\n", "a\tb\n1\t2\n3\t4\n", "a, b\n 1 ,2\n3, 4 \n",
      "\"a\",\"b\"\n\"1\",\"2\"\n\"3\" ,4\n",
    ]
    for table in tables {
      #expect(try values(read(table)) == [1, 2, 3, 4])
    }
    let quoted = try read("id,a\n\"x, \"\"y\"\"\nz\",1\nw,2\n")
    #expect(quoted.test.samples.map(\.id) == ["x, \"y\"\nz", "w"])
  }

  @Test("numbers read as the nearest double, then the nearest float")
  func numbers() throws {
    let words = [
      "0", "-0", "1.5", "-2.25", "1e3", "+7", "1E-3", "0.1", "123456789.123",
      "12345678901234567890", "0.30000000000000004", ".5", "5.", "1e-40",
      "3.4028234e38", "-179.000000000000001",
    ]
    let table = try read("a\n" + words.joined(separator: "\n"))
    #expect(try values(table) == words.map { Float(Double($0) ?? .nan) })
  }

  @Test("running numbers are a header, other numbers are not")
  func headers() throws {
    #expect(try values(read("0,1\n5,6\n")) == [5, 6])
    #expect(throws: FileFault.self) { _ = try self.read("1,2\n5,6\n") }
  }

  @Test("faults name the line and the column")
  func faults() throws {
    let cases = [
      ("", "the file is empty"),
      ("\n\n", "the file is empty"),
      ("a,b\n", "there are no rows below the header"),
      ("a,b\n1,2\n3\n", "line 3 has 1 fields, the header 2"),
      ("a,b\n1,2,3\n", "line 2 has 3 fields, the header 2"),
      ("a,b\n1,2\n\n3,four\n", "\"four\" is no number in column b on line 4"),
      ("a,b\n1,\n", "a number is missing in column b on line 2"),
      ("a,b\n1,nan\n", "a number is missing in column b on line 2"),
      (
        "a,b\n1,\n,NA\n",
        "3 numbers are missing: 1 in column a, first on line 3; 2 in column b,"
          + " first on line 2"
      ),
      ("a,b\n1,1e999\n", "\"1e999\" is no number in column b on line 2"),
      ("a,y\n1,2\n", "the label on line 2 is 2"),
      ("id,y\n1,0\n", "there is no column of numbers"),
      ("a,b\n\"1,2\n", "a quotation mark on line 2 is never closed"),
      (
        "a,b\n\"1\"x,2\n",
        "text follows a closing quotation mark on line 2"
      ),
    ]
    for (text, problem) in cases {
      let fault = #expect(throws: FileFault.self) { _ = try self.read(text) }
      #expect(fault?.problem == FaultMessage(problem))
      #expect(fault?.kind == .data)
      #expect(fault?.place?.hasSuffix("table.csv") == true)
    }
  }

  @Test("no change of bytes crashes the reader")
  func mutations() throws {
    var random = SeededGenerator(seed: 11)
    let good = Data("id,a,\"b\",label\nx,1.5,2e3,0\n\"y\",3,4,1\n".utf8)
    for _ in 0..<3000 {
      let url = try folder.write(
        good.mutated(using: &random), to: "mutation.csv")
      do {
        let table = try Dataset(at: url).categories[0]
        #expect(try values(table).allSatisfy { !$0.isNaN })
      } catch is any Fault {
      }
    }
  }
}
