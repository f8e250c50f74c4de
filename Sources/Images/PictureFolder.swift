import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import Synchronization

extension PictureFile {
  /// The shape that all pictures have in common after resampling: `size`, or
  /// their native size when that is nil; RGB when the mode is automatic and
  /// any is in colour.
  ///
  /// - Throws: `FileFault`; `ImageFault` when the native sizes differ.
  package static func commonShape(
    of files: [RereadFile], size: PixelSize? = nil,
    color: ColorMode = .automatic
  ) throws -> ImageShape {
    try size?.checkForResampling()
    var first: (file: RereadFile, header: PictureHeader)?
    var isColor = color == .rgb
    for file in files {
      // One file tells all that is asked when neither can differ.
      if first != nil, size != nil, color != .automatic { break }
      let header = try header(of: file.open())
      if color == .automatic { isColor = isColor || header.isColor }
      guard let first else {
        first = (file, header)
        continue
      }
      guard size != nil || header.size == first.header.size else {
        throw ImageFault.differentSizes(
          path: file.url.path, size: header.size,
          otherPath: first.file.url.path,
          otherSize: first.header.size)
      }
    }
    let common = size ?? first?.header.size ?? PixelSize(square: 0)
    try common.checkForResampling()
    return ImageShape(
      height: common.height, width: common.width, channels: isColor ? 3 : 1)
  }

  /// The pictures as rows of a matrix, decoded by one thread per core.
  ///
  /// - Parameter shape: As `commonShape` gives it.
  /// - Throws: `FileFault` of the first file that cannot be read.
  package static func decodeAll(
    _ files: [RereadFile], shape: ImageShape
  ) throws -> Matrix {
    let failures = Mutex<[Int: any Error]>([:])
    func decode(
      _ index: Int, into values: UnsafeMutableBufferPointer<Float>
    ) {
      guard !failures.withLock({ $0.keys.contains { $0 < index } }) else {
        return
      }
      do {
        let file = files[index]
        try file.open().withBytes {
          try Self.decode($0, path: file.url.path, shape: shape, into: values)
        }
      } catch {
        failures.withLock { $0[index] = error }
      }
    }
    let values = [Float](
      unsafeUninitializedCapacity: files.count * shape.count
    ) { buffer, count in
      nonisolated(unsafe) let buffer = buffer
      Parallel.forEach(files.count) { index in
        let row = index * shape.count..<(index + 1) * shape.count
        decode(index, into: UnsafeMutableBufferPointer(rebasing: buffer[row]))
      }
      count = files.count * shape.count
    }
    if let (_, error) = failures.withLock({ $0.min { $0.key < $1.key } }) {
      throw error
    }
    return Matrix(rows: files.count, columns: shape.count, values: values)
  }
}
