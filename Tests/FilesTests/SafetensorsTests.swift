import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Safetensors")
struct SafetensorsTests {
  private static let example = Safetensors(
    metadata: ["format": "AnomalyKit", "value": #"{"nu":0.1,"é":"\"/"}"#],
    tensors: [
      "bias": StoredTensor(type: .float64, shape: [], bytes: Data(count: 8)),
      "empty": StoredTensor(type: .int64, shape: [0, 3], bytes: Data()),
      "mask": StoredTensor(type: .uint8, shape: [3], bytes: Data([1, 2, 3])),
      "weights": StoredTensor(
        type: .float32, shape: [2, 3], bytes: Data(1...24)),
    ])

  private func read(_ bytes: Data) throws -> Safetensors {
    try bytes.withUnsafeBytes { try Safetensors(bytes: $0, path: "model") }
  }

  private func bytes(of file: Safetensors) throws -> Data {
    let folder = try TemporaryFolder()
    let url = folder.file("model.safetensors")
    try file.write(to: url)
    return try Data(contentsOf: url)
  }

  private func isMalformed(_ error: any Error) -> Bool {
    if case .malformed? = error as? FileFault { true } else { false }
  }

  @Test("What is written is read back")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    for file in [Self.example, Safetensors()] {
      let url = folder.file("model.safetensors")
      try file.write(to: url)
      #expect(try Safetensors(contentsOf: url) == file)
    }
  }

  @Test("The bytes are those of the format, as other tools read it")
  func layout() throws {
    let bytes = try bytes(of: Self.example)
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length.isMultiple(of: 8))
    let header = bytes.dropFirst(8).prefix(length)
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(header)) as? [String: Any])
    #expect(
      object.keys.sorted()
        == ["__metadata__", "bias", "empty", "mask", "weights"])
    let entry = try #require(object["weights"] as? [String: Any])
    #expect(entry["dtype"] as? String == "F32")
    #expect(entry["shape"] as? [Int] == [2, 3])
    #expect(entry["data_offsets"] as? [Int] == [11, 35])
    let data = bytes.dropFirst(8 + length)
    #expect(data.count == 35)
    #expect(data.suffix(24) == Data(1...24))
  }

  @Test("The same contents give the same bytes")
  func deterministic() throws {
    #expect(try bytes(of: Self.example) == bytes(of: Self.example))
  }

  @Test("A file cut short anywhere is refused")
  func truncation() throws {
    let bytes = try bytes(of: Self.example)
    for length in 0..<bytes.count {
      #expect { try read(bytes.prefix(length)) } throws: { isMalformed($0) }
    }
  }

  @Test("An edited byte is noticed wherever it changes the contents")
  func edits() throws {
    let bytes = try bytes(of: Self.example)
    for index in bytes.indices {
      for mask: UInt8 in [0x01, 0x20, 0x80] {
        var edited = bytes
        edited[index] ^= mask
        do {
          // A byte may be white space, or belong to the checksum's name.
          let file = try read(edited)
          #expect(file.tensors == Self.example.tensors)
          for (key, text) in Self.example.metadata {
            #expect(file.metadata[key] == text)
          }
        } catch {
          #expect(isMalformed(error))
        }
      }
    }
  }

  @Test(
    "A header that lies is refused",
    arguments: [
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
      #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"U8","shape":[9223372036854775807,3],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,9223372036854775807]}}"#,
      #"{"a":{"dtype":"U8","shape":[1e400],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#,
      #"{"a":{"shape":[4],"data_offsets":[0,8]}}"#,
      #"{"__metadata__":{"crc32":7}}"#,
      #"{"__metadata__":{"crc32":"7"}}"#,
      #"{"a":"#,
      #"[]"#,
      #""#,
    ])
  func lies(header: String) throws {
    try expectRefusal(of: header)
  }

  @Test(
    "A header nested without end is refused", arguments: ["[", #"{"a":"#])
  func nested(opening: String) throws {
    try expectRefusal(of: String(repeating: opening, count: 100_000))
  }

  private func expectRefusal(of header: String) throws {
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) {
      Data($0)
    }
    bytes.append(Data(header.utf8))
    bytes.append(Data(count: 8))
    #expect { try read(bytes) } throws: { isMalformed($0) }
  }

  @Test("A header length beyond the file is refused", arguments: [0, 1, 255])
  func headerLength(last: UInt8) throws {
    let bytes = Data([255, 255, 255, 255, 255, 255, 255, last, 123, 125])
    #expect { try read(bytes) } throws: { isMalformed($0) }
  }

  @Test("A file of another tool, without a checksum, is read")
  func foreign() throws {
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  "#
    var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) {
      Data($0)
    }
    bytes.append(Data(header.utf8))
    bytes.append(Data(1...8))
    let file = try read(bytes)
    #expect(file.metadata.isEmpty)
    #expect(
      file.tensors == [
        "a": StoredTensor(type: .float32, shape: [2], bytes: Data(1...8))
      ])
  }

  @Test("A missing file is a fault of input and output")
  func missing() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("missing")
    #expect(
      throws: FileFault.unreadable(
        path: file.path, reason: "no such file or directory")
    ) { try Safetensors(contentsOf: file) }
  }

  @Test("An array that holds what is no number is no value of ours")
  func notANumber() throws {
    struct Weights: Codable {
      @Tensor var values: [Float]
    }
    for (value, isValue) in [(Float.nan, false), (.infinity, true), (1, true)] {
      let file = try Safetensors(encoding: Weights(values: [1, value]))
      let read = try? file.decode(Weights.self)
      #expect((read != nil) == isValue)
    }
  }
}
