/// A separate defect in a picture: where a heat map lies above a threshold.
public struct DefectRegion: Hashable, Sendable {
  /// The columns of pixels that it touches, counted from the left.
  public let columns: Range<Int>
  /// The rows of pixels that it touches, counted from the top.
  public let rows: Range<Int>
  /// Its pixels.
  public let area: Int
  /// The highest value of the map in it.
  public let peak: Float
  /// The column of the first pixel that has it.
  public let peakColumn: Int
  /// The row of that pixel.
  public let peakRow: Int
}

extension DefectMask {
  /// What lies above a threshold.
  ///
  /// - Parameters:
  ///   - map: Row by row.
  ///   - threshold: Of the map.
  ///   - width: The pixels of a row.
  /// - Precondition: As `init(_:width:)`.
  public init(_ map: [Float], above threshold: Double, width: Int) {
    self.init(map.map { Double($0) > threshold }, width: width)
  }

  /// The pixels, row by row: 1 in the mask, else 0.
  public var pixels: [Float] {
    var pixels = [Float](repeating: 0, count: pixelCount)
    for run in runs {
      for pixel in run.start..<run.start + run.count { pixels[Int(pixel)] = 1 }
    }
    return pixels
  }

  /// The regions, those of the highest peak first.
  ///
  /// - Parameter map: The values of the pixels, row by row.
  /// - Precondition: As many as the mask has pixels.
  public func regions(of map: [Float]) -> [DefectRegion] {
    precondition(map.count == pixelCount, "a value for every pixel")
    var regions = [DefectRegion?](repeating: nil, count: regionCount)
    for run in runs {
      let pixels = Int(run.start)..<Int(run.start + run.count)
      let row = pixels.lowerBound / width
      let first = pixels.lowerBound - row * width
      // Of equal ones the first.
      let peak = pixels.reduce(pixels.lowerBound) {
        map[$1] > map[$0] ? $1 : $0
      }
      let part = DefectRegion(
        columns: first..<first + pixels.count, rows: row..<row + 1,
        area: Int(run.area), peak: map[peak], peakColumn: peak - row * width,
        peakRow: row)
      let region = Int(run.region)
      regions[region] = regions[region]?.joined(with: part) ?? part
    }
    return regions.compactMap { $0 }.sorted {
      (-$0.peak, $0.peakRow, $0.peakColumn)
        < (-$1.peak, $1.peakRow, $1.peakColumn)
    }
  }
}

extension DefectRegion {
  /// With a part of the same region that comes after this.
  fileprivate func joined(with part: DefectRegion) -> DefectRegion {
    let highest = part.peak > peak ? part : self
    let left = min(columns.lowerBound, part.columns.lowerBound)
    let right = max(columns.upperBound, part.columns.upperBound)
    return DefectRegion(
      columns: left..<right, rows: rows.lowerBound..<part.rows.upperBound,
      area: area, peak: highest.peak, peakColumn: highest.peakColumn,
      peakRow: highest.peakRow)
  }
}
