import Diagnostics
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
  /// become 0...1, and so do other numbers that are 0...255 as those of bytes.
  ///
  /// - Parameters:
  ///   - category: What the samples belong to.
  ///   - path: What faults name as the place.
  ///   - training: The array whose range tells that of both; nil is this one.
  ///   - note: Takes a word on a range that was recognised.
  /// - Throws: `DatasetFault.unusableShape`.
  func samples(
    category: String, path: String, like training: StoredArray? = nil,
    telling note: (FaultMessage) -> Void = { _ in }
  ) throws -> SampleSet {
    let imageShape = try imageShape(path: path)
    var array = self
    if imageShape != nil, type.kind == .unsigned {
      switch type.width {
      case 1: array.divisor = 255
      case 2: array.divisor = 65_535
      default: break
      }
    }
    if imageShape != nil, array.divisor == 1, type.kind != .boolean,
      try (training ?? self).holdsBytes
    {
      array.divisor = 255
      if training == nil { note("intensities: 0 to 255, divided by 255") }
    }
    return SampleSet(
      samples: (0..<rows).map { Sample(id: String($0), category: category) },
      source: imageShape == nil && !type.fitsFloat
        ? PreciseArray(array: array, path: path) : array,
      imageShape: imageShape)
  }
}

extension StoredArray {
  /// Images that are looked at to learn the range of intensities.
  private static let probedRows = 1000

  /// Whether the images have the numbers of bytes: none below 0 or above 255,
  /// and some far above 1.
  fileprivate var holdsBytes: Bool {
    get throws {
      guard !shape.contains(0) else { return false }
      let step = max(1, rows / Self.probedRows)
      var largest: Float = 0
      for row in stride(from: 0, to: rows, by: step) {
        for value in try matrix(ofRows: [row]).values {
          guard 0...255 ~= value else { return false }
          largest = max(largest, value)
        }
      }
      // Of 0...1 made larger, a little may reach beyond 1.
      return largest > 8
    }
  }
}

extension DatasetCategory {
  /// A set that is both learned from and judged.
  static func transductive(name: String, _ set: SampleSet) -> DatasetCategory {
    DatasetCategory(name: name, train: set, test: set, isTransductive: true)
  }
}
