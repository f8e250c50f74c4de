import Foundation

/// A number that can be an element of a stored array.
public protocol TensorElement: Codable, Hashable, Sendable, BitwiseCopyable {
  /// What a file calls the type.
  static var tensorType: TensorType { get }
}

extension TensorElement {
  fileprivate static func containsNaN(_ values: [Self]) -> Bool {
    switch values {
    case let values as [Float]: values.contains(where: \.isNaN)
    case let values as [Double]: values.contains(where: \.isNaN)
    default: false
    }
  }
}

extension Float: TensorElement {
  /// `F32` in a file.
  public static var tensorType: TensorType { .float32 }
}
extension Double: TensorElement {
  /// `F64` in a file.
  public static var tensorType: TensorType { .float64 }
}
extension Int32: TensorElement {
  /// `I32` in a file.
  public static var tensorType: TensorType { .int32 }
}
extension Int64: TensorElement {
  /// `I64` in a file.
  public static var tensorType: TensorType { .int64 }
}
extension UInt8: TensorElement {
  /// `U8` in a file.
  public static var tensorType: TensorType { .uint8 }
}

/// A property that is stored as a named array when its owner is saved as
/// safetensors, and as a list of numbers by any other encoder.
///
///     struct Centroids: Codable {
///       @Tensor var weights: [Double]
///     }
@propertyWrapper
public struct Tensor<Element: TensorElement>: Codable, Hashable, Sendable {
  /// The elements, in one dimension whatever they stand for.
  public var wrappedValue: [Element]

  /// Wraps the first value of the property.
  public init(wrappedValue: [Element]) {
    self.wrappedValue = wrappedValue
  }

  public init(from decoder: any Decoder) throws {
    if let archive = TensorArchive.used(by: decoder) {
      wrappedValue = try archive.read(from: decoder).values
    } else {
      wrappedValue = try [Element](from: decoder)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if let archive = TensorArchive.used(by: encoder) {
      try archive.write(wrappedValue, shape: [wrappedValue.count], to: encoder)
    } else {
      try wrappedValue.encode(to: encoder)
    }
  }
}

extension Safetensors {
  /// The metadata entry under which the encoded value stands as JSON.
  private static let valueKey = "value"

  /// Any encodable value: its arrays as tensors, all else as JSON metadata.
  package init(encoding value: some Encodable) throws {
    let archive = TensorArchive()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.userInfo[.tensorArchive] = archive
    let json = try encoder.encode(value)
    self.init(
      metadata: [
        "format": "AnomalyKit",
        Self.valueKey: String(decoding: json, as: UTF8.self),
      ],
      tensors: archive.tensors)
  }

  /// The value that `init(encoding:)` was given.
  ///
  /// - Throws: `DecodingError` when the file holds another kind of value.
  package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard let json = metadata[Self.valueKey] else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "no AnomalyKit value"))
    }
    let decoder = JSONDecoder()
    decoder.userInfo[.tensorArchive] = TensorArchive(tensors)
    return try JSONText.decode(type, from: Data(json.utf8), by: decoder)
  }
}

/// Collects the arrays of a value that is being encoded, named by their place
/// in it; gives them back when the value is decoded.
package final class TensorArchive: @unchecked Sendable {
  // One coder calls one method at a time; nothing is shared between threads.
  fileprivate private(set) var tensors: [String: StoredTensor]

  fileprivate init(_ tensors: [String: StoredTensor] = [:]) {
    self.tensors = tensors
  }

  /// The archive behind a coder; nil for coders of other formats.
  package static func used(by decoder: any Decoder) -> TensorArchive? {
    decoder.userInfo[.tensorArchive] as? TensorArchive
  }

  package static func used(by encoder: any Encoder) -> TensorArchive? {
    encoder.userInfo[.tensorArchive] as? TensorArchive
  }

  package func write<Element: TensorElement>(
    _ values: [Element], shape: [Int], to encoder: any Encoder
  ) throws {
    let name = encoder.codingPath.map(\.segment).joined(separator: ".")
    tensors[name] = StoredTensor(
      type: Element.tensorType, shape: shape,
      bytes: values.withUnsafeBytes { Data($0) })
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }

  package func read<Element: TensorElement>(
    from decoder: any Decoder
  ) throws -> (values: [Element], shape: [Int]) {
    let name = try decoder.singleValueContainer().decode(String.self)
    guard
      let tensor = tensors[name], tensor.type == Element.tensorType,
      let count = elementCount(tensor.shape),
      tensor.bytes.count == count * MemoryLayout<Element>.stride
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the array \(name) is missing or of another type"))
    }
    let values = [Element](unsafeUninitializedCapacity: count) {
      buffer, initialized in
      let copied = tensor.bytes.copyBytes(to: buffer)
      initialized = copied / MemoryLayout<Element>.stride
    }
    // No fit leaves one behind; in a file that was edited it would hide.
    guard !Element.containsNaN(values) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the array \(name) holds what is no number"))
    }
    return (values, tensor.shape)
  }
}

extension CodingKey {
  fileprivate var segment: String { intValue.map(String.init) ?? stringValue }
}

extension CodingUserInfoKey {
  fileprivate static let tensorArchive: CodingUserInfoKey = {
    guard let key = CodingUserInfoKey(rawValue: "AnomalyKit.tensorArchive")
    else { preconditionFailure("every string makes a key") }
    return key
  }()
}
