import Datasets
import Evaluation
import Execution
import Images
import LinearAlgebra

/// Where the defects of a test set are, picture by picture.
struct DefectMasks: Sendable {
  struct Picture: Sendable {
    /// Of the mask; of a picture without a defect its own.
    var size: PixelSize
    /// Nil without a defect.
    var mask: DefectMask?
  }

  /// Nil for a defective picture without a mask, which no figure of pixels
  /// can be made of.
  let pictures: [Picture?]

  /// Reads all masks; nil when there is none.
  ///
  /// - Throws: `DatasetFault.maskOfAnotherShape`, the faults of reading,
  ///   `CancellationError`.
  init?(of set: SampleSet, in context: RunContext) throws {
    guard set.samples.contains(where: { $0.mask != nil }) else { return nil }
    pictures = try context.withThreads {
      try Parallel.map(set.count) { index in
        try context.cancellation.check()
        let sample = set.samples[index]
        guard let size = try Self.size(ofSampleAt: index, in: set) else {
          return nil
        }
        guard let url = sample.mask else {
          return sample.label == 0 ? Picture(size: size) : nil
        }
        let image = try DefectMaskFile.read(url)
        guard image.size.hasShape(of: size) else {
          throw DatasetFault.maskOfAnotherShape(
            path: url.path, mask: image.size, image: size)
        }
        return Picture(
          size: image.size,
          mask: DefectMask(
            image.values.map { $0 > 0.5 }, width: image.size.width))
      }
    }
  }

  /// The mask of a picture as it was counted; nil without a defect.
  func image(at place: Int, size: PixelSize) -> RasterImage? {
    pictures[place]?.mask.map { mask in
      RasterImage(
        shape: ImageShape(
          height: mask.pixelCount / mask.width, width: mask.width, channels: 1),
        values: mask.pixels
      ).resized(to: size)
    }
  }

  private static func size(
    ofSampleAt index: Int, in set: SampleSet
  ) throws -> PixelSize? {
    if let file = set.files?.pictures[index] {
      return try PictureFile.header(of: file.open()).size
    }
    return set.imageShape.map { PixelSize(width: $0.width, height: $0.height) }
  }
}

extension PixelSize {
  /// Whether one is the other made larger or smaller, to a pixel.
  fileprivate func hasShape(of other: PixelSize) -> Bool {
    abs(width * other.height - height * other.width)
      < max(other.width, other.height)
  }
}

/// The figures of the pixels of a test set, while heat maps arrive.
struct PixelFigures {
  private let masks: DefectMasks
  private let mapSize: PixelSize
  /// One a thread; which picture comes to which changes no figure.
  private var parts: [PixelEvaluation]
  /// Of 24 MB each.
  private static let mostParts = 8

  init(_ masks: DefectMasks, mapShape: ImageShape, in context: RunContext) {
    self.masks = masks
    mapSize = PixelSize(width: mapShape.width, height: mapShape.height)
    // Each made by itself: copies would be copied when they are first changed.
    parts = (0..<min(context.threadCount, Self.mostParts))
      .map { _ in PixelEvaluation() }
  }

  /// Counts the maps of some pictures, at the full size of their masks.
  ///
  /// - Parameters:
  ///   - maps: One a row.
  ///   - places: Where the pictures are among those of the set.
  ///   - context: Its threads.
  mutating func add(
    _ maps: Matrix, at places: Range<Int>, in context: RunContext
  ) {
    let (masks, mapSize, count) = (masks, mapSize, parts.count)
    context.withThreads {
      parts.withUnsafeMutableBufferPointer { parts in
        Parallel.forEach(count) { part in
          var resampling: (size: PixelSize, from: BilinearResampling)?
          for row in stride(from: part, to: maps.rows, by: count) {
            guard let picture = masks.pictures[places.lowerBound + row] else {
              continue
            }
            if resampling?.size != picture.size {
              let size = picture.size
              resampling = (size, BilinearResampling(from: mapSize, to: size))
            }
            guard let resampling else { continue }
            parts[part].add(
              resampling.from.resample(maps.row(row)), mask: picture.mask)
          }
        }
      }
    }
  }

  /// Puts the figures of all pictures, which are done with, beside those of the
  /// scores.
  mutating func finish(into figures: inout FigureValues) {
    var whole = parts.removeFirst()
    for part in parts { whole.merge(part) }
    figures[.pixelAuroc] = whole.auroc
    figures[.aupro] = whole.aupro()
  }
}
