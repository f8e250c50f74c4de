import Datasets
import Execution
import Images

/// The pictures of a set's samples, each made once although several detectors
/// show it.
struct SamplePictures {
  /// The longest side, in pixels.
  private static let side = 112

  private let set: SampleSet
  private var images: [Int: RasterImage] = [:]

  init(of set: SampleSet) {
    self.set = set
  }

  /// Those of some places; rows of tables have none.
  ///
  /// - Throws: `CancellationError`.
  mutating func images(
    at places: [Int], in context: RunContext
  ) throws -> [Int: RasterImage] {
    let missing = places.filter { images[$0] == nil }
    let set = set
    let found = try Parallel.map(missing.count) { index in
      try context.cancellation.check()
      // A file that cannot be read now was read for the scores: what shows the
      // samples does without its picture.
      return try? set.picture(at: missing[index], side: Self.side)
    }
    for (place, image) in zip(missing, found) { images[place] = image }
    return images.filter { places.contains($0.key) }
  }
}
