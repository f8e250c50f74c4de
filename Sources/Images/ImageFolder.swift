import Diagnostics
import Files
import Foundation
import LinearAlgebra

extension PNG {
  /// The shape that all files have in common after resampling: `size`, or
  /// their native size when that is nil; RGB when any is in colour and the mode
  /// is automatic.
  ///
  /// - Throws: `FileFault`; `ImageFault` when the native sizes differ.
  package static func commonShape(
    of urls: [URL], size: PixelSize? = nil, color: ColorMode = .automatic
  ) throws -> ImageShape {
    throw FileFault.unreadable(path: "", reason: "not written yet")
  }

  /// The pictures as rows of a matrix, decoded by one thread per core.
  ///
  /// - Parameter shape: As `commonShape` gives it.
  /// - Throws: `FileFault` of the first file that cannot be read;
  ///   `CancellationError`.
  package static func decodeAll(
    _ urls: [URL], shape: ImageShape,
    progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) throws -> Matrix {
    throw FileFault.unreadable(path: "", reason: "not written yet")
  }
}
