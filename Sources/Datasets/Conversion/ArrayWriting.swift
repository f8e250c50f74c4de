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
      case .unicode: "<U"
      case .bytes: preconditionFailure("no bytes are written")
      }
    // The width of a text is its characters.
    let width = type.kind == .unicode ? type.width / 4 : type.width
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    var text =
      "{'descr': '\(letter)\(width)', 'fortran_order': False,"
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
        name: "X", type: rows.type, shape: rows.shape,
        forEachBytes: rows.forEachBytes)
    ]
    if let labels {
      members.append(
        Member(
          name: "y", type: .int64, shape: [labels.count],
          bytes: labels.map { Int64($0).littleEndian }
            .withUnsafeBytes { Data($0) }))
    }
    try write(members, to: url, replaces: false)
  }

  /// Writes arrays, uncompressed so that they can be mapped.
  ///
  /// - Parameter replaces: Whether a file that is there is replaced.
  /// - Throws: `FileFault.unwritable`; the target is then as it was.
  package static func write(
    _ members: [Member], to url: URL, replaces: Bool = true
  ) throws {
    let size = members.reduce(0) { $0 + $1.count + 4096 }
    guard size <= Int(UInt32.max), members.count < Int(UInt16.max) else {
      throw FileFault.unwritable(
        path: url.path, reason: "4 GiB are the most that an archive holds")
    }
    try WholeFile.write(to: url, replaces: replaces) { sink in
      var directory = Data()
      var offset = 0
      for member in members {
        let fields = try member.fields()
        directory += bytes(0x0201_4b50 as UInt32, 20 as UInt16) + fields
        directory += Data(count: 10) + bytes(UInt32(offset))
        directory += Data(member.fileName.utf8)
        let local =
          bytes(0x0403_4b50 as UInt32) + fields + Data(member.fileName.utf8)
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

  /// One array of the archive.
  package struct Member {
    let name: String
    let header: Data
    /// The bytes after the header.
    let count: Int
    let forEachBytes: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void

    init(
      name: String, type: ElementType, shape: [Int],
      forEachBytes:
        @escaping (
          (UnsafeRawBufferPointer) throws -> Void
        ) throws -> Void
    ) {
      self.name = name
      header = NPY.header(type: type, shape: shape)
      count = shape.reduce(type.width, *)
      self.forEachBytes = forEachBytes
    }

    /// - Parameter bytes: Of all numbers, little-endian; those of a text are of
    ///   UTF-32.
    package init(name: String, type: ElementType, shape: [Int], bytes: Data) {
      self.init(name: name, type: type, shape: shape) {
        try bytes.withUnsafeBytes($0)
      }
    }

    var fileName: String { "\(name).npy" }

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
        + NPZ.bytes(UInt16(fileName.utf8.count), 0 as UInt16)
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
