import CZlib
import Foundation

/// The bytes of array files, made here so that the readers under test are not
/// their own judges.
enum ArrayFixture {
  /// A file written in base 64, in lines.
  static func file(_ text: String) -> Data {
    Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data()
  }

  static func npy(
    _ descriptor: String, _ shape: String, isColumnMajor: Bool = false,
    version: UInt8 = 1, _ content: Data
  ) -> Data {
    let header =
      "{'descr': \(descriptor), 'fortran_order':"
      + " \(isColumnMajor ? "True" : "False"), 'shape': \(shape), }\n"
    let count = header.utf8.count
    let length =
      version == 1
      ? [UInt8(count % 256), UInt8(count / 256)]
      : [UInt8(count % 256), UInt8(count / 256), 0, 0]
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + length)
      + Data(header.utf8) + content
  }

  static func bytes<Number: FixedWidthInteger>(
    _ numbers: [Number], isBigEndian: Bool = false
  ) -> Data {
    Data(
      numbers.flatMap { number in
        withUnsafeBytes(
          of: isBigEndian ? number.bigEndian : number.littleEndian
        ) { Array($0) }
      })
  }

  /// An IDX array of bytes.
  static func idx(_ shape: [Int], _ content: [UInt8]) -> Data {
    Data([0, 0, 8, UInt8(shape.count)])
      + bytes(shape.map(UInt32.init), isBigEndian: true) + Data(content)
  }

  static func gzip(_ data: Data) -> Data {
    deflate(data, windowBits: MAX_WBITS + 16)
  }

  static func deflate(_ data: Data, windowBits: Int32) -> Data {
    var stream = z_stream()
    deflateInit2_(
      &stream, 6, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = [UInt8](data)
    var output = [UInt8](repeating: 0, count: data.count * 2 + 1000)
    let space = UInt32(output.count)
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = space
        CZlib.deflate(&stream, Z_FINISH)
        return Int(space - stream.avail_out)
      }
    }
    return Data(output.prefix(written))
  }

  /// One file of a zip archive.
  struct Member {
    var name: String
    var content: Data
    var isDeflated = false
    /// What the directory says instead of the truth.
    var claimedCount: Int?
    var claimedChecksum: UInt32?
    var flags: UInt16 = 0
    var method: UInt16?
  }

  static func zip(_ members: [Member]) -> Data {
    var archive = Data()
    var directory = Data()
    for member in members {
      let packed =
        member.isDeflated
        ? deflate(member.content, windowBits: -MAX_WBITS) : member.content
      let checksum =
        member.claimedChecksum
        ?? UInt32(
          member.content.withUnsafeBytes {
            crc32_z(
              crc32_z(0, nil, 0), $0.bindMemory(to: UInt8.self).baseAddress,
              $0.count)
          })
      let fields =
        bytes([
          member.flags, member.method ?? (member.isDeflated ? 8 : 0), 0, 0,
        ])
        + bytes([
          checksum, UInt32(packed.count),
          UInt32(member.claimedCount ?? member.content.count),
        ]) + bytes([UInt16(member.name.utf8.count), 0])
      directory +=
        bytes([0x0201_4b50] as [UInt32]) + bytes([20, 20] as [UInt16]) + fields
        + bytes([0, 0, 0] as [UInt16]) + bytes([0] as [UInt32])
        + bytes([UInt32(archive.count)]) + Data(member.name.utf8)
      archive +=
        bytes([0x0403_4b50] as [UInt32]) + bytes([20] as [UInt16]) + fields
        + Data(member.name.utf8) + packed
    }
    let count = UInt16(members.count)
    return archive + directory
      + bytes([0x0605_4b50] as [UInt32]) + bytes([0, 0, count, count])
      + bytes([UInt32(directory.count), UInt32(archive.count)])
      + bytes([0] as [UInt16])
  }
}
