import Files

extension Matrix: Codable {
  private enum CodingKeys: CodingKey {
    case rows
    case columns
    case values
  }

  public init(from decoder: any Decoder) throws {
    if let archive = TensorArchive.used(by: decoder) {
      let (values, shape): ([Float], [Int]) = try archive.read(from: decoder)
      guard shape.count == 2 else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath, debugDescription: "no matrix"))
      }
      self.init(rows: shape[0], columns: shape[1], values: values)
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      let rows = try container.decode(Int.self, forKey: .rows)
      let columns = try container.decode(Int.self, forKey: .columns)
      let values = try container.decode([Float].self, forKey: .values)
      guard elementCount([rows, columns]) == values.count else {
        throw DecodingError.dataCorruptedError(
          forKey: .values, in: container,
          debugDescription: "not rows x columns values")
      }
      self.init(rows: rows, columns: columns, values: values)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    if let archive = TensorArchive.used(by: encoder) {
      try archive.write(values, shape: [rows, columns], to: encoder)
    } else {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(rows, forKey: .rows)
      try container.encode(columns, forKey: .columns)
      try container.encode(values, forKey: .values)
    }
  }
}
