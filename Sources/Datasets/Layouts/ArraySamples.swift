import Execution
import Files
import LinearAlgebra

extension StoredArray {
  /// The shape of the images that the rows are, by the array's rank; nil for
  /// rows of a table.
  ///
  /// - Throws: `DatasetFault.unusableShape`.
  func imageShape(path: String) throws -> ImageShape? {
    let isEmpty = shape.contains(0)
    switch shape.count {
    case 2 where !isEmpty:
      return nil
    case 3 where !isEmpty:
      return ImageShape(height: shape[1], width: shape[2], channels: 1)
    case 4 where !isEmpty && [1, 3].contains(shape[3]):
      return ImageShape(height: shape[1], width: shape[2], channels: shape[3])
    default:
      throw DatasetFault.unusableShape(
        path: path, shape: shape,
        expected: "(rows, columns), (images, height, width) or"
          + " (images, height, width, 3)")
    }
  }

  /// The rows as samples without labels that are called by their running
  /// number; intensities of images stored as unsigned bytes or 16-bit numbers
  /// become 0...1.
  ///
  /// - Throws: `DatasetFault.unusableShape`.
  func samples(category: String, path: String) throws -> SampleSet {
    let imageShape = try imageShape(path: path)
    var array = self
    if imageShape != nil, type.kind == .unsigned {
      switch type.width {
      case 1: array.divisor = 255
      case 2: array.divisor = 65_535
      default: break
      }
    }
    return SampleSet(
      samples: (0..<rows).map { Sample(id: String($0), category: category) },
      source: imageShape == nil && !type.fitsFloat
        ? PreciseArray(array: array, path: path) : array,
      imageShape: imageShape)
  }
}

extension DatasetCategory {
  /// A set that is both learned from and judged.
  static func transductive(name: String, _ set: SampleSet) -> DatasetCategory {
    DatasetCategory(name: name, train: set, test: set, isTransductive: true)
  }
}
