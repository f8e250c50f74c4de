import Datasets
import Execution
import Files
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
  /// - Throws: `FileFault.unreadable` of a file that has changed since it was
  ///   read for the scores; `CancellationError`.
  mutating func images(
    at places: [Int], in context: RunContext
  ) throws -> [Int: RasterImage] {
    let missing = places.filter { images[$0] == nil }
    let set = set
    let found = try Parallel.map(missing.count) { index in
      try context.cancellation.check()
      do {
        return try set.picture(at: missing[index], side: Self.side)
      } catch let fault as FileFault where fault.isOfChange {
        throw fault
      } catch {
        // It was read for the scores: what shows the samples does without it.
        return nil
      }
    }
    for (place, image) in zip(missing, found) { images[place] = image }
    return images.filter { places.contains($0.key) }
  }
}
