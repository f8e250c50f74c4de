import Diagnostics
import Foundation

/// The element types that a safetensors file of ours holds.
public enum TensorType: String, Codable, Hashable, Sendable {
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// IEEE 754 double precision.
  case float64 = "F64"
  /// Signed, of 4 bytes.
  case int32 = "I32"
  /// Signed, of 8 bytes.
  case int64 = "I64"
  /// Unsigned, of one byte.
  case uint8 = "U8"

  /// Bytes for one element.
  public var width: Int {
    switch self {
    case .uint8: 1
    case .float32, .int32: 4
    case .float64, .int64: 8
    }
  }
}

/// An array with its element type and shape, as little-endian bytes.
package struct StoredTensor: Hashable, Sendable {
  package var type: TensorType
  package var shape: [Int]
  package var bytes: Data

  package init(type: TensorType, shape: [Int], bytes: Data) {
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}

/// A safetensors file: named arrays and a dictionary of strings.
///
/// Layout: an 8-byte little-endian header length, a JSON header, the arrays
/// one after the other (https://github.com/huggingface/safetensors). The entry
/// `crc32` of the metadata guards all other metadata and the arrays.
package struct Safetensors: Hashable, Sendable {
  package var metadata: [String: String]
  package var tensors: [String: StoredTensor]

  package init(
    metadata: [String: String] = [:], tensors: [String: StoredTensor] = [:]
  ) {
    self.metadata = metadata
    self.tensors = tensors
  }

  private static let checksumKey = "crc32"
  private static let metadataKey = "__metadata__"

  private enum Entry: Codable {
    case metadata([String: String])
    case tensor(TensorEntry)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let isMetadata =
        decoder.codingPath.last?.stringValue == Safetensors.metadataKey
      self =
        isMetadata
        ? .metadata(try container.decode([String: String].self))
        : .tensor(try container.decode(TensorEntry.self))
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .metadata(let metadata): try container.encode(metadata)
      case .tensor(let tensor): try container.encode(tensor)
      }
    }
  }

  private struct TensorEntry: Codable {
    var type: TensorType
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case type = "dtype"
      case shape
      case offsets = "data_offsets"
    }
  }

  // MARK: Reading

  /// - Throws: `FileFault` when the file cannot be read, is cut short, was
  ///   edited, or is no safetensors file.
  package init(contentsOf url: URL) throws {
    let file = try MappedFile(url)
    self = try file.withBytes { try Safetensors(bytes: $0, path: url.path) }
  }

  init(bytes: UnsafeRawBufferPointer, path: String) throws {
    func malformed(_ problem: FaultMessage) -> FileFault {
      .malformed(
        path: path, problem: problem,
        remedy: "fit the model again, or copy the file again from its source")
    }
    guard bytes.count >= 8 else {
      throw malformed("the model file is too short to be one")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(bytes.count - 8) else {
      throw malformed("not a safetensors file, or one that was cut short")
    }
    let start = 8 + Int(length)
    let header: [String: Entry]
    do {
      header = try JSONText.decode(
        [String: Entry].self,
        from: Data(UnsafeRawBufferPointer(rebasing: bytes[8..<start])))
    } catch {
      throw malformed("the header of the safetensors file is broken")
    }

    metadata = [:]
    tensors = [:]
    for (name, entry) in header {
      switch entry {
      case .metadata(let metadata): self.metadata = metadata
      case .tensor(let tensor):
        guard
          let count = elementCount(tensor.shape), tensor.offsets.count == 2,
          tensor.offsets[0] >= 0, tensor.offsets[0] <= tensor.offsets[1],
          tensor.offsets[1] <= bytes.count - start,
          (tensor.offsets[1] - tensor.offsets[0])
            .isMultiple(of: tensor.type.width),
          (tensor.offsets[1] - tensor.offsets[0]) / tensor.type.width == count
        else { throw malformed("the array \(name) is cut short or misplaced") }
        let range = start + tensor.offsets[0]..<start + tensor.offsets[1]
        tensors[name] = StoredTensor(
          type: tensor.type, shape: tensor.shape,
          bytes: Data(UnsafeRawBufferPointer(rebasing: bytes[range])))
      }
    }
    if let checksum = metadata.removeValue(forKey: Safetensors.checksumKey),
      checksum != self.checksum
    {
      throw malformed("the model file was damaged or edited")
    }
  }

  // MARK: Writing

  /// - Throws: `FileFault.unwritable`; the target is then as it was.
  package func write(to url: URL) throws {
    var metadata = metadata
    metadata[Safetensors.checksumKey] = checksum
    var entries = [Safetensors.metadataKey: Entry.metadata(metadata)]
    var offset = 0
    let ordered = tensors.sorted { $0.key < $1.key }
    for (name, tensor) in ordered {
      let end = offset + tensor.bytes.count
      entries[name] = .tensor(
        TensorEntry(
          type: tensor.type, shape: tensor.shape, offsets: [offset, end]))
      offset = end
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var header = try encoder.encode(entries)
    let padding = (8 - header.count % 8) % 8
    header.append(Data(repeating: UInt8(ascii: " "), count: padding))
    try WholeFile.write(to: url) { sink in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) {
        try sink.write($0)
      }
      try sink.write(header)
      for (_, tensor) in ordered {
        try sink.write(tensor.bytes)
      }
    }
  }

  private var checksum: String {
    var checksum = Checksum()
    for (key, text) in metadata.sorted(by: { $0.key < $1.key }) {
      checksum.add("\(key)=\(text);")
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      checksum.add("\(name):\(tensor.type.rawValue)\(tensor.shape);")
      tensor.bytes.withUnsafeBytes { checksum.add($0) }
    }
    return String(checksum.value, radix: 16)
  }
}

/// The product of a shape's sizes; nil when one is negative or the product
/// overflows.
package func elementCount(_ shape: [Int]) -> Int? {
  var count = 1
  for size in shape {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    guard size >= 0, !overflow else { return nil }
    count = product
  }
  return count
}
