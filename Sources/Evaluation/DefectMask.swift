/// The pixels of a picture that are the defect, and the regions that they
/// form: pixels that touch, at a corner too, are of one.
///
/// Kept as runs along the rows, far fewer than pixels.
public struct DefectMask: Hashable, Sendable {
  /// Pixels of one row that follow each other.
  struct Run: Hashable, Sendable {
    /// Of the first pixel, counted along the rows from the upper left corner.
    var start: Int32
    var count: Int32
    /// The region that the run is part of, counted from 0 in the order of
    /// their first runs.
    var region: Int32
    /// The pixels of that region.
    var area: Int32
  }

  /// The pixels of the picture, defective or not.
  public let pixelCount: Int
  /// The pixels of a row.
  public let width: Int
  /// The separate defects.
  public let regionCount: Int
  let runs: [Run]

  /// Finds the runs and their regions.
  ///
  /// - Parameters:
  ///   - pixels: Row by row, true where the defect is.
  ///   - width: The pixels of a row.
  /// - Precondition: Whole rows, of fewer than 2^31 pixels in all.
  public init(_ pixels: [Bool], width: Int) {
    precondition(
      width > 0 && pixels.count % width == 0 && pixels.count <= Int32.max,
      "a mask needs whole rows")
    var runs: [Run] = []
    // Of each run one that touches it, at last the first run of its region.
    var parents: [Int] = []
    func root(_ run: Int) -> Int {
      var run = run
      while parents[run] != run {
        parents[run] = parents[parents[run]]
        run = parents[run]
      }
      return run
    }
    var above = 0..<0
    for row in stride(from: 0, to: pixels.count, by: width) {
      let first = runs.count
      var candidate = above.lowerBound
      var pixel = row
      while pixel < row + width {
        guard pixels[pixel] else {
          pixel += 1
          continue
        }
        let start = pixel
        while pixel < row + width, pixels[pixel] { pixel += 1 }
        let run = runs.count
        runs.append(
          Run(
            start: Int32(start), count: Int32(pixel - start), region: 0,
            area: 0))
        parents.append(run)
        // Runs above end before or reach from one pixel left to one right.
        while candidate < above.upperBound,
          Int(runs[candidate].start + runs[candidate].count) + width < start
        {
          candidate += 1
        }
        var touching = candidate
        while touching < above.upperBound,
          Int(runs[touching].start) + width <= pixel
        {
          let (one, other) = (root(touching), root(run))
          parents[max(one, other)] = min(one, other)
          touching += 1
        }
      }
      above = first..<runs.count
    }
    var areas: [Int32] = []
    for run in runs.indices {
      let first = root(run)
      if first == run {
        runs[run].region = Int32(areas.count)
        areas.append(0)
      }
      runs[run].region = runs[first].region
      areas[Int(runs[run].region)] += runs[run].count
    }
    for run in runs.indices { runs[run].area = areas[Int(runs[run].region)] }
    pixelCount = pixels.count
    self.width = width
    regionCount = areas.count
    self.runs = runs
  }
}
