import Foundation

/// A value with its arrays as a tree of names: what both JSON and archives of
/// named arrays can hold.
package indirect enum ValueTree: Hashable, Sendable {
  case nothing
  case flag(Bool)
  case whole(Int)
  case number(Double)
  case text(String)
  case array(StoredTensor)
  case list([ValueTree])
  case fields([String: ValueTree])
}

extension ValueTree: Decodable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .nothing
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let whole = try? container.decode(Int.self) {
      self = .whole(whole)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([ValueTree].self) {
      self = .list(list)
    } else {
      self = .fields(try container.decode([String: ValueTree].self))
    }
  }
}

extension Safetensors {
  /// The value that `init(encoding:)` was given.
  ///
  /// - Throws: `DecodingError` when the file holds another kind of value.
  package func tree() throws -> ValueTree {
    try decode(ValueTree.self).resolved(with: tensors, at: "")
  }
}

extension ValueTree {
  /// With arrays in place of their names, which are their paths.
  fileprivate func resolved(
    with tensors: [String: StoredTensor], at path: String
  ) -> ValueTree {
    func child(_ name: String) -> String {
      path.isEmpty ? name : "\(path).\(name)"
    }
    return switch self {
    case .text(path): tensors[path].map { .array($0) } ?? self
    case .list(let values):
      .list(
        values.enumerated().map {
          $1.resolved(with: tensors, at: child("\($0)"))
        })
    case .fields(let values):
      .fields(
        Dictionary(
          uniqueKeysWithValues: values.map {
            ($0, $1.resolved(with: tensors, at: child($0)))
          }))
    case .nothing, .flag, .whole, .number, .text, .array: self
    }
  }

  /// Everything but nothing, by its path such as `model.centroids`, in their
  /// order.
  package var leaves: [(path: String, value: ValueTree)] {
    func joined(_ children: [(String, ValueTree)]) -> [(String, ValueTree)] {
      children.flatMap { name, child in
        child.leaves.map { ($0.isEmpty ? name : "\(name).\($0)", $1) }
      }
    }
    return switch self {
    case .nothing: []
    case .fields(let values): joined(values.sorted { $0.key < $1.key })
    case .list(let values) where !isNumbers:
      joined(values.enumerated().map { ("\($0)", $1) })
    case .list, .flag, .whole, .number, .text, .array: [("", self)]
    }
  }

  /// Whether this is a list of numbers alone, one or more.
  private var isNumbers: Bool {
    guard case .list(let values) = self, !values.isEmpty else { return false }
    return values.allSatisfy {
      switch $0 {
      case .whole, .number: true
      default: false
      }
    }
  }

  /// Hands over the value as JSON, some of it at a time.
  ///
  /// Arrays are lists, of lists where they have rows. What is infinite is written
  /// as 1e999, which readers of JSON take for it.
  package func writeJSON(_ write: (String) throws -> Void) throws {
    switch self {
    case .nothing: try write("null")
    case .flag(let flag): try write("\(flag)")
    case .whole(let number): try write("\(number)")
    case .number(let number): try write(number.json)
    case .text(let text):
      try write(
        String(decoding: JSONEncoder().encode(text), as: UTF8.self))
    case .array(let array): try array.writeJSON(write)
    case .list(let values):
      try write("[")
      for (index, value) in values.enumerated() {
        if index > 0 { try write(", ") }
        try value.writeJSON(write)
      }
      try write("]")
    case .fields(let values):
      try write("{")
      for (index, (name, value)) in values.sorted(by: { $0.key < $1.key })
        .enumerated()
      {
        if index > 0 { try write(",\n") }
        try ValueTree.text(name).writeJSON(write)
        try write(": ")
        try value.writeJSON(write)
      }
      try write("}")
    }
  }
}

extension BinaryFloatingPoint where Self: LosslessStringConvertible {
  fileprivate var json: String {
    isFinite ? description : self > 0 ? "1e999" : "-1e999"
  }
}

extension StoredTensor {
  fileprivate func writeJSON(_ write: (String) throws -> Void) throws {
    let texts: (Range<Int>) -> [String] =
      switch type {
      case .float32: { numbers(Float.self, $0).map(\.json) }
      case .float64: { numbers(Double.self, $0).map(\.json) }
      case .int32: { numbers(Int32.self, $0).map(\.description) }
      case .int64: { numbers(Int64.self, $0).map(\.description) }
      case .uint8: { numbers(UInt8.self, $0).map(\.description) }
      }
    let row = shape.last ?? 1
    let isMatrix = shape.count > 1
    let rows = shape.dropLast().reduce(1, *)
    try write(isMatrix ? "[" : "")
    for index in 0..<rows {
      if index > 0 { try write(",\n") }
      let line = texts(index * row..<(index + 1) * row)
      try write("[\(line.joined(separator: ", "))]")
    }
    try write(isMatrix ? "]" : "")
  }

  private func numbers<Number: BitwiseCopyable>(
    _ type: Number.Type, _ range: Range<Int>
  ) -> [Number] {
    bytes.withUnsafeBytes { bytes in
      range.map {
        bytes.loadUnaligned(
          fromByteOffset: $0 * MemoryLayout<Number>.stride, as: type)
      }
    }
  }
}
