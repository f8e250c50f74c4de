import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("NPY")
struct NPYTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func read(_ data: Data) throws -> StoredArray {
    try NPY.read(folder.write(data, to: "\(UUID()).npy"))
  }

  private func check<Number: FixedWidthInteger>(
    _ type: Number.Type, _ letter: String
  ) throws {
    let numbers: [Number] = [0, 1, 2, .max, .min, 7]
    for isBigEndian in [false, true] {
      let descriptor =
        "'\(isBigEndian ? ">" : "<")\(letter)\(Number.bitWidth / 8)'"
      let array = try read(
        ArrayFixture.npy(
          descriptor, "(2, 3)",
          ArrayFixture.bytes(numbers, isBigEndian: isBigEndian)))
      #expect(try array.matrix().values == numbers.map { Float($0) })
      #expect(array.shape == [2, 3])
    }
  }

  @Test("integers of every width, sign and byte order read exactly")
  func integers() throws {
    try check(UInt8.self, "u")
    try check(UInt16.self, "u")
    try check(UInt32.self, "u")
    try check(UInt64.self, "u")
    try check(Int8.self, "i")
    try check(Int16.self, "i")
    try check(Int32.self, "i")
    try check(Int64.self, "i")
  }

  @Test("real numbers of every width and byte order read exactly")
  func reals() throws {
    let numbers: [Float] = [0, -1.5, 3.25, 65_504, 0x1p-24, .infinity]
    for isBigEndian in [false, true] {
      let order = isBigEndian ? ">" : "<"
      let single = try read(
        ArrayFixture.npy(
          "'\(order)f4'", "(2, 3)",
          ArrayFixture.bytes(
            numbers.map(\.bitPattern), isBigEndian: isBigEndian)))
      #expect(try single.matrix().values == numbers)
      let double = try read(
        ArrayFixture.npy(
          "'\(order)f8'", "(2, 3)",
          ArrayFixture.bytes(
            numbers.map { Double($0).bitPattern }, isBigEndian: isBigEndian)))
      #expect(try double.matrix().values == numbers)
      let half = try read(
        ArrayFixture.npy(
          "'\(order)f2'", "(2, 3)",
          ArrayFixture.bytes(
            [0, 0xbe00, 0x4280, 0x7bff, 1, 0x7c00] as [UInt16],
            isBigEndian: isBigEndian)))
      #expect(try half.matrix().values == numbers)
    }
    let notANumber = try read(
      ArrayFixture.npy(
        "'<f2'", "(1, 1)", ArrayFixture.bytes([0x7e01] as [UInt16])))
    #expect(try notANumber.matrix().values[0].isNaN)
  }

  @Test("truth values are 0 and 1, whatever byte stands for true")
  func booleans() throws {
    let array = try read(ArrayFixture.npy("'|b1'", "(3,)", Data([0, 1, 255])))
    #expect(try array.matrix().values == [0, 1, 1])
  }

  @Test("every version and layout of the header is understood")
  func headers() throws {
    let content = Data([1, 2, 3, 4])
    for version in [1, 2, 3] as [UInt8] {
      let array = try read(
        ArrayFixture.npy("'|u1'", "(2,2)", version: version, content))
      #expect(try array.matrix().values == [1, 2, 3, 4])
    }
    let array = try read(ArrayFixture.npy("\"|u1\"", "( 2L , 2L, )", content))
    #expect(array.shape == [2, 2])
  }

  @Test("arrays in Fortran order give the same rows as in C order")
  func columnMajor() throws {
    let shape = [3, 2, 4, 3]
    let count = shape.reduce(1, *)
    var rowMajor = [UInt16](repeating: 0, count: count)
    var columnMajor = rowMajor
    for n in 0..<shape[0] {
      for y in 0..<shape[1] {
        for x in 0..<shape[2] {
          for channel in 0..<shape[3] {
            let value = UInt16(n * 1000 + y * 100 + x * 10 + channel)
            rowMajor[((n * 2 + y) * 4 + x) * 3 + channel] = value
            columnMajor[n + 3 * (y + 2 * (x + 4 * channel))] = value
          }
        }
      }
    }
    let a = try read(
      ArrayFixture.npy("'<u2'", "(3, 2, 4, 3)", ArrayFixture.bytes(rowMajor)))
    let b = try read(
      ArrayFixture.npy(
        "'<u2'", "(3, 2, 4, 3)", isColumnMajor: true,
        ArrayFixture.bytes(columnMajor)))
    #expect(try a.matrix() == b.matrix())
    #expect(try a.matrix(ofRows: [2, 0, 1]) == b.matrix(ofRows: [2, 0, 1]))
    #expect(try b.matrix(ofRows: []).rows == 0)
  }

  // Made with numpy 2: np.save of np.asfortranarray(
  // np.arange(24, dtype=">f4").reshape(2, 2, 2, 3)).
  @Test("a file of NumPy's own in Fortran order and big-endian reads right")
  func numpy() throws {
    let file = ArrayFixture.file(
      """
      k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAn
      c2hhcGUnOiAoMiwgMiwgMiwgMyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAg
      ICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAQUAAAEDAAABBkAAAQEAAAEFwAABB
      EAAAQagAAD+AAABBUAAAQOAAAEGYAABAgAAAQYAAAEEgAABBsAAAQAAAAEFgAABBAAAA
      QaAAAECgAABBiAAAQTAAAEG4AAA=
      """)
    #expect(try read(file).matrix().values == (0..<24).map { Float($0) })
  }

  @Test("broken headers, shapes and sizes are refused by name")
  func damage() throws {
    let content = Data(count: 24)
    let cases: [(Data, String)] = [
      (Data(), "the file is empty"),
      (Data("PK".utf8), "the header of the NumPy array is damaged"),
      (Data("no array at all".utf8), "not a NumPy array"),
      (
        ArrayFixture.npy("'<f4'", "(2, -3)", content),
        "the shape of the array is negative or too large"
      ),
      (
        ArrayFixture.npy("'<f4'", "(4294967296, 4294967296)", content),
        "the shape of the array is negative or too large"
      ),
      (
        ArrayFixture.npy("'<f4'", "(99999999999999999999,)", content),
        "the shape of the array is negative or too large"
      ),
      (
        ArrayFixture.npy("'<f4'", "(0, 4294967296, 4294967296)", content),
        "the shape of the array is negative or too large"
      ),
      (
        ArrayFixture.npy("'|O'", "(2, 3)", content),
        "the array holds pickled Python objects"
      ),
      (
        ArrayFixture.npy("[('a', '<f4'), ('b', '<i2')]", "(2,)", content),
        "the array holds elements of type structure"
      ),
      (
        ArrayFixture.npy("'<c8'", "(3,)", content),
        "the array holds elements of type <c8"
      ),
      (
        ArrayFixture.npy("'<f4'", "(2, 3", content),
        "the header of the NumPy array is damaged"
      ),
      (
        ArrayFixture.npy("'<f4'", "(2, 3)", version: 9, content),
        "the header of the NumPy array is damaged"
      ),
      (
        ArrayFixture.npy("'<f4'", "(2, 3)", content.dropLast()),
        "the array is cut short: 24 bytes are promised, 23 are there"
      ),
    ]
    for (data, problem) in cases {
      let fault = #expect(throws: FileFault.self) { _ = try self.read(data) }
      #expect(fault?.problem == FaultMessage(problem))
      #expect(fault?.kind == .data)
      #expect(fault?.place?.hasSuffix(".npy") == true)
    }
  }

  @Test("no change of bytes crashes the reader")
  func mutations() throws {
    var random = SeededGenerator(seed: 3)
    let files = [
      ArrayFixture.npy("'<f4'", "(2, 3)", Data(count: 24)),
      ArrayFixture.npy(
        "'>i2'", "(2, 3, 2, 1)", isColumnMajor: true, Data(count: 24)),
    ]
    var readable = 0
    for round in 0..<3000 {
      let data = files[round % 2].mutated(using: &random)
      guard let array = try? read(data) else { continue }
      if array.rows < 1000, array.columns < 1000 {
        #expect(try array.matrix().rows == array.rows)
        readable += 1
      }
      _ = try? array.samples(category: "", path: "")
    }
    #expect(readable > 100)
  }
}
