import CZlib
import Foundation

/// The compression of PNG, gzip and zip (RFC 1951).
package enum Deflate {
  /// The most bytes that one compressed byte can stand for: two bits are the
  /// least that 258 of them cost.
  package static let largestRatio = 1032

  /// What stands around the compressed bytes.
  package enum Wrapping {
    /// Nothing, as inside a zip archive.
    case none
    /// The header and the checksum of gzip (RFC 1952).
    case gzip

    fileprivate var windowBits: Int32 {
      switch self {
      case .none: -MAX_WBITS
      case .gzip: MAX_WBITS + 16
      }
    }
  }
}

/// Inflates bytes piece by piece, so that no more memory is taken than was
/// asked for.
package final class Inflater {
  /// Why inflating cannot go on.
  package enum Problem: Error {
    case damaged
    case cutShort
  }

  // zlib keeps the address of the stream between the calls.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false
  /// The CRC-32 of all bytes read so far.
  package private(set) var checksum: UInt = 0

  /// - Parameter bytes: Must stay valid while the inflater is used.
  package init(_ bytes: UnsafeRawBufferPointer, _ wrapping: Deflate.Wrapping)
    throws
  {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = inflateInit2_(
      stream, wrapping.windowBits, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw Problem.damaged }
    input = bytes
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// The bytes that zlib has not been handed yet: it counts in 32 bits.
  private var input: UnsafeRawBufferPointer

  /// Fills the target.
  ///
  /// - Throws: `Problem`.
  package func read(into target: UnsafeMutableRawBufferPointer) throws {
    var rest = target[...]
    while !rest.isEmpty {
      let count = try inflateSome(
        into: UnsafeMutableRawBufferPointer(rebasing: rest))
      if count == 0, isFinished { throw Problem.cutShort }
      rest = rest.dropFirst(count)
    }
    checksum = crc32_z(
      checksum, target.bindMemory(to: UInt8.self).baseAddress, target.count)
  }

  /// The next `count` bytes.
  package func read(_ count: Int) throws -> Data {
    var data = Data(count: count)
    try data.withUnsafeMutableBytes { try read(into: $0) }
    return data
  }

  /// Whether nothing is left and the wrapping's checksum is right.
  package func isAtEnd() throws -> Bool {
    guard !isFinished else { return true }
    var byte: UInt8 = 0
    let count = try withUnsafeMutableBytes(of: &byte) {
      try inflateSome(into: $0)
    }
    return count == 0 && isFinished
  }

  /// Inflates at least one byte unless the stream has ended.
  private func inflateSome(
    into target: UnsafeMutableRawBufferPointer
  ) throws -> Int {
    let largest = 1 << 30
    let wanted = min(target.count, largest)
    stream.pointee.next_out =
      target.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(wanted)
    while !isFinished, stream.pointee.avail_out == wanted {
      if stream.pointee.avail_in == 0 {
        let piece = UnsafeRawBufferPointer(rebasing: input.prefix(largest))
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: piece.bindMemory(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = UInt32(piece.count)
        input = UnsafeRawBufferPointer(rebasing: input[piece.count...])
      }
      switch CZlib.inflate(stream, Z_NO_FLUSH) {
      case Z_OK: break
      case Z_STREAM_END: isFinished = true
      case Z_BUF_ERROR where input.isEmpty: throw Problem.cutShort
      case Z_BUF_ERROR: break
      default: throw Problem.damaged
      }
    }
    return wanted - Int(stream.pointee.avail_out)
  }
}

/// Compresses bytes piece by piece into a gzip file.
package final class GzipWriter {
  // zlib keeps the address of the stream between the calls.
  private let stream: UnsafeMutablePointer<z_stream>
  private var output = [UInt8](repeating: 0, count: 1 << 16)

  package init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let memoryLevel: Int32 = 8
    let status = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, memoryLevel,
      Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "no memory to compress with")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Compresses the bytes, of which there are less than 2^32.
  package func write(
    _ bytes: some Collection<UInt8>, to sink: borrowing FileSink
  ) throws {
    try deflate(Array(bytes), Z_NO_FLUSH, to: sink)
  }

  /// Writes what is still held back, and the checksum.
  package func finish(_ sink: borrowing FileSink) throws {
    try deflate([], Z_FINISH, to: sink)
  }

  private func deflate(
    _ bytes: [UInt8], _ flush: Int32, to sink: borrowing FileSink
  ) throws {
    var input = bytes
    let inputCount = UInt32(input.count)
    let outputCount = UInt32(output.count)
    try input.withUnsafeMutableBufferPointer { input in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = inputCount
      repeat {
        let count = output.withUnsafeMutableBufferPointer { output in
          stream.pointee.next_out = output.baseAddress
          stream.pointee.avail_out = outputCount
          CZlib.deflate(stream, flush)
          return Int(outputCount - stream.pointee.avail_out)
        }
        try sink.write(output[..<count])
      } while stream.pointee.avail_out == 0
    }
  }
}
