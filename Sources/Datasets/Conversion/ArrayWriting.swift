import CZlib
import Files
import Foundation

extension NPY {
  /// The bytes before those of an array.
  static func header(type: ElementType, shape: [Int]) -> Data {
    let letter =
      switch type.kind {
      case .boolean: "|b"
      case .unsigned: type.width == 1 ? "|u" : "<u"
      case .signed: type.width == 1 ? "|i" : "<i"
      case .floating: "<f"
      case .unicode, .bytes: preconditionFailure("no texts are written")
      }
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    var text =
      "{'descr': '\(letter)\(type.width)', 'fortran_order': False,"
      + " 'shape': (\(sizes)), }"
    // NumPy wants the array to begin at a multiple of 64.
    let prefix = [0x93] + Array("NUMPY".utf8) + [1, 0]
    let used = prefix.count + 2 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - used % 64) % 64) + "\n"
    let count = UInt16(text.utf8.count)
    return Data(prefix) + Data([UInt8(count & 0xff), UInt8(count >> 8)])
      + Data(text.utf8)
  }

  /// Writes an array of float32 that comes in pieces.
  ///
  /// - Parameters:
  ///   - shape: With as many elements as all pieces together.
  ///   - body: Is given what appends a piece.
  package static func write(
    shape: [Int], to url: URL,
    _ body: (([Float]) throws -> Void) throws -> Void
  ) throws {
    try WholeFile.write(to: url) { sink in
      try sink.write(
        header(type: ElementType(.floating, width: 4), shape: shape))
      try body { piece in
        try piece.withUnsafeBytes { try sink.write($0) }
      }
    }
  }

  static func write(_ rows: WrittenRows, to url: URL) throws {
    try WholeFile.write(to: url) { sink in
      try sink.write(header(type: rows.type, shape: rows.shape))
      try rows.forEachBytes { try sink.write($0) }
    }
  }
}

extension NPZ {
  /// Writes `X` and, if given, `y`, uncompressed so that they can be mapped.
  static func write(
    _ rows: WrittenRows, labels: [Int]?, to url: URL
  ) throws {
    var members = [
      Member(
        name: "X.npy",
        header: NPY.header(type: rows.type, shape: rows.shape),
        count: rows.shape.reduce(rows.type.width, *),
        forEachBytes: rows.forEachBytes)
    ]
    if let labels {
      members.append(
        Member(
          name: "y.npy",
          header: NPY.header(
            type: ElementType(.signed, width: 8), shape: [labels.count]),
          count: 8 * labels.count,
          forEachBytes: { body in
            try labels.map { Int64($0).littleEndian }.withUnsafeBytes(body)
          }))
    }
    guard members.allSatisfy({ $0.fits }) else {
      throw FileFault.unwritable(
        path: url.path, reason: "4 GiB are the most that an archive holds")
    }
    try WholeFile.write(to: url, replaces: false) { sink in
      var directory = Data()
      var offset = 0
      for member in members {
        let fields = try member.fields()
        directory += bytes(0x0201_4b50 as UInt32, 20 as UInt16) + fields
        directory += Data(count: 10) + bytes(UInt32(offset))
        directory += Data(member.name.utf8)
        let local =
          bytes(0x0403_4b50 as UInt32) + fields + Data(member.name.utf8)
        try sink.write(local)
        try sink.write(member.header)
        try member.forEachBytes { try sink.write($0) }
        offset += local.count + member.header.count + member.count
      }
      try sink.write(directory)
      let count = UInt16(members.count)
      try sink.write(
        bytes(0x0605_4b50 as UInt32, 0 as UInt16, 0 as UInt16, count, count)
          + bytes(UInt32(directory.count), UInt32(offset), 0 as UInt16))
    }
  }

  /// One file of the archive.
  private struct Member {
    let name: String
    let header: Data
    /// The bytes after the header.
    let count: Int
    let forEachBytes: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

    var fits: Bool { count < Int(UInt32.max) - 4096 }

    /// What the local header and the directory both say.
    ///
    /// The checksum stands before the bytes, so that these are made twice.
    func fields() throws -> Data {
      var checksum: UInt = 0
      func add(_ bytes: UnsafeRawBufferPointer) {
        checksum = crc32_z(
          checksum, bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count)
      }
      header.withUnsafeBytes(add)
      try forEachBytes(add)
      let size = UInt32(header.count + count)
      // Version 2.0, no flags, stored, made on 1980-01-01.
      return NPZ.bytes(20 as UInt16, 0 as UInt16, 0 as UInt16, 0 as UInt16)
        + NPZ.bytes(0x21 as UInt16, UInt32(checksum), size, size)
        + NPZ.bytes(UInt16(name.utf8.count), 0 as UInt16)
    }
  }

  private static func bytes<each Number: FixedWidthInteger>(
    _ numbers: repeat each Number
  ) -> Data {
    var data = Data()
    for number in repeat each numbers {
      withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
    }
    return data
  }
}

extension IDX {
  /// Writes bytes, compressed with gzip.
  static func write(
    shape: [Int], to url: URL,
    forEachBytes: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let sizes = try shape.map { size in
      guard let size = UInt32(exactly: size) else {
        throw FileFault.unwritable(
          path: url.path, reason: "an IDX file holds at most 2^32 images")
      }
      return size
    }
    try WholeFile.write(to: url) { sink in
      let gzip = GzipWriter()
      try gzip.write([0, 0, 8, UInt8(shape.count)], to: sink)
      for size in sizes {
        try withUnsafeBytes(of: size.bigEndian) {
          try gzip.write($0, to: sink)
        }
      }
      try forEachBytes { try gzip.write($0, to: sink) }
      try gzip.finish(sink)
    }
  }
}
