import Diagnostics
import Execution
import Files
import Foundation

/// The array files of MNIST, plain or compressed with gzip.
///
/// Layout: two zero bytes, the element type, the number of dimensions, their
/// sizes as big-endian 32-bit numbers, the elements
/// (http://yann.lecun.com/exdb/mnist).
package enum IDX {
  /// Maps an array, or inflates it into memory.
  ///
  /// - Parameter memoryLimit: The most bytes that are inflated.
  /// - Throws: `FileFault`.
  package static func read(
    _ url: URL, memoryLimit: Int = RunContext().memoryBudget
  ) throws -> StoredArray {
    let file = try MappedFile(url)
    return try file.withBytes { bytes in
      do {
        guard !bytes.isEmpty else { throw Problem.cutShort }
        return bytes.starts(with: [0x1f, 0x8b])
          ? try inflate(bytes, memoryLimit) : try map(file, bytes)
      } catch let problem as Problem {
        throw problem.fault(path: url.path)
      } catch let problem as Inflater.Problem {
        switch problem {
        case .cutShort: throw Problem.cutShort.fault(path: url.path)
        case .damaged: throw Problem.damaged.fault(path: url.path)
        }
      }
    }
  }

  private enum Problem: Error {
    case noArray
    case cutShort
    case damaged
    case tooLarge

    func fault(path: String) -> FileFault {
      let (problem, remedy): (FaultMessage, FaultMessage) =
        switch self {
        case .noArray:
          ("not an IDX file: the magic number is wrong", "check the file name")
        case .cutShort:
          (
            "the IDX file holds fewer bytes than it promises",
            "copy the file again from its source"
          )
        case .damaged:
          (
            "the gzip file is damaged", "copy the file again from its source"
          )
        case .tooLarge:
          (
            "the IDX file inflates to more than is left of the memory budget",
            "decompress it first"
          )
        }
      return .malformed(path: path, problem: problem, remedy: remedy)
    }
  }

  private static func map(
    _ file: MappedFile, _ bytes: UnsafeRawBufferPointer
  ) throws -> StoredArray {
    var offset = 0
    let header = try Header { count in
      guard count <= bytes.count - offset else { throw Problem.cutShort }
      defer { offset += count }
      return try file.data(in: offset..<offset + count)
    }
    guard header.byteCount <= bytes.count - offset else {
      throw Problem.cutShort
    }
    return StoredArray(
      .mapped(file, offset..<offset + header.byteCount), type: header.type,
      shape: header.shape)
  }

  private static func inflate(
    _ bytes: UnsafeRawBufferPointer, _ memoryLimit: Int
  ) throws -> StoredArray {
    let inflater = try Inflater(bytes, .gzip)
    let header = try Header { try inflater.read($0) }
    // Memory is only taken for what the compressed bytes can stand for.
    guard header.byteCount <= bytes.count * Deflate.largestRatio else {
      throw Problem.cutShort
    }
    guard header.byteCount <= memoryLimit else { throw Problem.tooLarge }
    let data = try inflater.read(header.byteCount)
    guard try inflater.isAtEnd() else { throw Problem.damaged }
    return StoredArray(.memory(data), type: header.type, shape: header.shape)
  }

  private struct Header {
    let type: ElementType
    let shape: [Int]
    let byteCount: Int

    private static let types: [UInt8: ElementType] = [
      0x08: .uint8,
      0x09: ElementType(.signed, width: 1),
      0x0b: ElementType(.signed, width: 2, isBigEndian: true),
      0x0c: ElementType(.signed, width: 4, isBigEndian: true),
      0x0d: ElementType(.floating, width: 4, isBigEndian: true),
      0x0e: ElementType(.floating, width: 8, isBigEndian: true),
    ]

    init(next: (Int) throws -> Data) throws {
      let magic = [UInt8](try next(4))
      guard
        magic[0] == 0, magic[1] == 0, let type = Self.types[magic[2]],
        magic[3] > 0
      else { throw Problem.noArray }
      let sizes = [UInt8](try next(4 * Int(magic[3])))
      shape = (0..<Int(magic[3])).map { axis in
        sizes[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
      }
      guard
        elementCount(Array(shape.dropFirst())) != nil,
        let count = elementCount(shape),
        let byteCount = elementCount([count, type.width])
      else { throw Problem.cutShort }
      self.type = type
      self.byteCount = byteCount
    }
  }
}
