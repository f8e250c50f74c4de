import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Datasets

@Suite("NPZ")
struct NPZTests {
  private let folder: TemporaryFolder
  private let rows = ArrayFixture.npy(
    "'<i2'", "(2, 3)", ArrayFixture.bytes([1, 2, 3, 4, 5, 6] as [Int16]))
  private let labels = ArrayFixture.npy(
    "'<i8'", "(2,)", ArrayFixture.bytes([0, 1] as [Int64]))

  init() throws {
    folder = try TemporaryFolder()
  }

  private func read(_ data: Data) throws -> DatasetCategory {
    let url = try folder.write(data, to: "\(UUID()).npz")
    return try Dataset(at: url).categories[0]
  }

  private func values(_ category: DatasetCategory) throws -> [Float] {
    try category.train.source.matrix().values
  }

  @Test("stored and deflated arrays give rows and labels")
  func reading() throws {
    for isDeflated in [false, true] {
      let category = try read(
        ArrayFixture.zip([
          .init(name: "X.npy", content: rows, isDeflated: isDeflated),
          .init(name: "y.npy", content: labels, isDeflated: isDeflated),
        ]))
      #expect(try values(category) == [1, 2, 3, 4, 5, 6])
      #expect(category.test.labels == [0, 1])
      #expect(category.test.samples.map(\.id) == ["0", "1"])
      #expect(category.isTransductive)
    }
  }

  // Made with numpy 2: np.savez_compressed(X=np.arange(12, dtype="<f8")
  // .reshape(4, 3) * 0.5, y=np.array([0, 1, 0, 1])) and np.savez(
  // X=np.arange(6, dtype=">i2").reshape(2, 3), y=np.array([False, True])).
  @Test("files of NumPy's own read right")
  func numpy() throws {
    let compressed = ArrayFixture.file(
      """
      UEsDBC0AAAAIAAAAIQDbb9eD//////////8FABQAWC5ucHkBABAA4AAAAAAAAABnAAAA
      AAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClO
      BYoXZyQWpAL5GiY6CsaaOgq1CmQDLgYU8MAeQn+A0j+gNIMDhGKB0hxQmgdKC0BpISgt
      AqXFHABQSwMELQAAAAgAAAAhAN3hXxT//////////wUAFAB5Lm5weQEAEACgAAAAAAAA
      AEwAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoS
      d0vMKU4FihdnJBakAvkaJjqaOgq1ChQALgYoYGRABTA+AFBLAQItAy0AAAAIAAAAIQDb
      b9eDZwAAAOAAAAAFAAAAAAAAAAAAAACAAQAAAABYLm5weVBLAQItAy0AAAAIAAAAIQDd
      4V8UTAAAAKAAAAAFAAAAAAAAAAAAAACAAZ4AAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAh
      AQAAAAA=
      """)
    #expect(try values(read(compressed)) == (0..<12).map { Float($0) / 2 })
    #expect(try read(compressed).test.labels == [0, 1, 0, 1])
    let stored = ArrayFixture.file(
      """
      UEsDBC0AAAAAAAAAIQCQvN3C//////////8FABQAWC5ucHkBABAAjAAAAAAAAACMAAAA
      AAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJz5pMicsICdmb3J0cmFuX29yZGVyJzogRmFs
      c2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
      ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAQACAAMABAAFUEsDBC0AAAAA
      AAAAIQA5GKcz//////////8FABQAeS5ucHkBABAAggAAAAAAAACCAAAAAAAAAJNOVU1Q
      WQEAdgB7J2Rlc2NyJzogJ3xiMScsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFw
      ZSc6ICgyLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg
      ICAgICAgICAgICAgICAgICAgICAKAAFQSwECLQMtAAAAAAAAACEAkLzdwowAAACMAAAA
      BQAAAAAAAAAAAAAAgAEAAAAAWC5ucHlQSwECLQMtAAAAAAAAACEAORinM4IAAACCAAAA
      BQAAAAAAAAAAAAAAgAHDAAAAeS5ucHlQSwUGAAAAAAIAAgBmAAAAfAEAAAAA
      """)
    #expect(try values(read(stored)) == [0, 1, 2, 3, 4, 5])
    #expect(try read(stored).test.labels == [0, 1])
  }

  @Test("the 64-bit directory is understood")
  func zip64() throws {
    let small = ArrayFixture.zip([.init(name: "X.npy", content: rows)])
    // The same archive, its end record replaced by one that points to a 64-bit
    // end record.
    let end = small.count - 22
    let offset = small[end + 16..<end + 20].reversed().reduce(0) {
      $0 << 8 | UInt64($1)
    }
    let size = UInt64(end) - offset
    let record =
      ArrayFixture.bytes([0x0606_4b50] as [UInt32])
      + ArrayFixture.bytes([44] as [UInt64])
      + ArrayFixture.bytes([45, 45] as [UInt16])
      + ArrayFixture.bytes([0, 0] as [UInt32])
      + ArrayFixture.bytes([1, 1, size, offset] as [UInt64])
    let locator =
      ArrayFixture.bytes([0x0706_4b50, 0] as [UInt32])
      + ArrayFixture.bytes([UInt64(end)])
      + ArrayFixture.bytes([1] as [UInt32])
    let endRecord =
      ArrayFixture.bytes([0x0605_4b50] as [UInt32])
      + ArrayFixture.bytes([0, 0, 0xffff, 0xffff] as [UInt16])
      + ArrayFixture.bytes([0xffff_ffff, 0xffff_ffff] as [UInt32])
      + ArrayFixture.bytes([0] as [UInt16])
    let large = small.prefix(end) + record + locator + endRecord
    #expect(try values(read(Data(large))) == [1, 2, 3, 4, 5, 6])
  }

  @Test("archives that lie about sizes, checksums or methods are refused")
  func lies() throws {
    let bomb = ArrayFixture.npy(
      "'<f8'", "(5000, 100000)", Data(count: 100_000))
    let members: [ArrayFixture.Member] = [
      .init(name: "X.npy", content: rows, isDeflated: true, claimedCount: 9),
      .init(
        name: "X.npy", content: rows, isDeflated: true,
        claimedCount: rows.count + 8),
      .init(
        name: "X.npy", content: bomb, isDeflated: true,
        claimedCount: bomb.count - 100_000 + 4_000_000_000),
      .init(name: "X.npy", content: bomb),
      .init(
        name: "X.npy", content: rows, isDeflated: true, claimedChecksum: 1),
      .init(name: "X.npy", content: rows, claimedChecksum: 1),
      .init(name: "X.npy", content: rows, flags: 1),
      .init(name: "X.npy", content: rows, method: 14),
      .init(name: "X.npy", content: Data(rows.dropLast())),
      .init(
        name: "X.npy", content: rows + Data(count: 1000), isDeflated: true),
      .init(name: "Z.npy", content: rows),
    ]
    for member in members {
      let fault = #expect(throws: FileFault.self) {
        _ = try self.read(ArrayFixture.zip([member]))
      }
      #expect(fault?.kind == .data)
      #expect(fault?.place?.hasSuffix(".npz") == true)
    }
  }

  @Test("labels may be texts")
  func textLabels() throws {
    let words = ["good", "bad"]
    func padded(_ word: String) -> [UInt8] {
      Array(word.utf8) + [UInt8](repeating: 0, count: 4 - word.utf8.count)
    }
    let narrow = words.flatMap(padded)
    for (type, content) in [
      ("'|S4'", Data(narrow)),
      ("'<U4'", ArrayFixture.bytes(narrow.map(UInt32.init))),
      (
        "'>U4'",
        ArrayFixture.bytes(narrow.map(UInt32.init), isBigEndian: true)
      ),
    ] {
      for isDeflated in [false, true] {
        let labels = ArrayFixture.npy(type, "(2,)", content)
        let category = try read(
          ArrayFixture.zip([
            .init(name: "X.npy", content: rows),
            .init(name: "y.npy", content: labels, isDeflated: isDeflated),
          ]))
        #expect(category.test.labels == [0, 1])
        #expect(throws: FileFault.self) {
          try read(ArrayFixture.zip([.init(name: "X.npy", content: labels)]))
        }
      }
    }
  }

  @Test("labels must be 0 or 1, one a row")
  func wrongLabels() throws {
    let labelArrays = [
      ArrayFixture.npy("'|u1'", "(2,)", Data([0, 2])),
      ArrayFixture.npy("'|u1'", "(3,)", Data([0, 1, 1])),
      ArrayFixture.npy("'|u1'", "(2, 2)", Data([0, 1, 1, 1])),
    ]
    for labels in labelArrays {
      #expect(throws: DatasetFault.self) {
        _ = try self.read(
          ArrayFixture.zip([
            .init(name: "X.npy", content: self.rows),
            .init(name: "y.npy", content: labels),
          ]))
      }
    }
  }

  @Test("a cut archive is refused wherever it was cut")
  func truncation() throws {
    let data = ArrayFixture.zip([
      .init(name: "X.npy", content: rows, isDeflated: true),
      .init(name: "y.npy", content: labels),
    ])
    for count in stride(from: 0, to: data.count, by: 7) {
      #expect(throws: FileFault.self) {
        _ = try self.read(data.prefix(count))
      }
    }
  }

  @Test("deflated arrays count against the memory together, stored ones do not")
  func memory() throws {
    let numbers = ArrayFixture.npy(
      "'|u1'", "(1000, 2)", Data(repeating: 0, count: 2000))
    let folder = try TemporaryFolder()
    for isDeflated in [true, false] {
      let url = try folder.write(
        ArrayFixture.zip(
          ["X", "y"].map {
            .init(name: $0 + ".npy", content: numbers, isDeflated: isDeflated)
          }), to: "both.npz")
      func read(_ memoryLimit: Int) throws -> Int {
        try NPZ.read(url, ["X", "y"], memoryLimit: memoryLimit).count
      }
      #expect(try read(4000) == 2)
      guard isDeflated else {
        #expect(try read(0) == 2)
        continue
      }
      #expect(throws: FileFault.self) { try read(3999) }
      #expect(throws: FileFault.self) { try read(1999) }
    }
  }

  @Test("no change of bytes crashes the reader")
  func mutations() throws {
    var random = SeededGenerator(seed: 5)
    let files = [false, true].map { isDeflated in
      ArrayFixture.zip([
        .init(name: "X.npy", content: rows, isDeflated: isDeflated),
        .init(name: "y.npy", content: labels, isDeflated: isDeflated),
      ])
    }
    for round in 0..<3000 {
      guard
        let category = try? read(files[round % 2].mutated(using: &random))
      else { continue }
      #expect(try values(category).count <= 1000)
    }
  }
}
