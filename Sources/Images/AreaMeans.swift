import LinearAlgebra
import PNGDecoding

/// Which pixels of a long axis go into each cell of a short one.
///
/// A pixel belongs to the one cell that holds its centre, as with Pillow's
/// `resize(BOX)`, so that sums of pixels stay exact integers.
struct CellBounds {
  /// The first pixel of each cell, and one past the last pixel.
  let starts: [Int]

  /// - Parameter isMirrored: Whether the pixels are counted from the other end.
  /// - Precondition: `0 < cells <= pixels`.
  init(cells: Int, over pixels: Int, isMirrored: Bool = false) {
    let starts = (0...cells).map { (2 * $0 * pixels + cells) / (2 * cells) }
    self.starts = isMirrored ? starts.reversed().map { pixels - $0 } : starts
  }

  var count: Int { starts.count - 1 }

  subscript(cell: Int) -> Range<Int> { starts[cell]..<starts[cell + 1] }

  /// The cell of each pixel.
  var cellOfPixel: [Int] {
    (0..<count).flatMap { repeatElement($0, count: self[$0].count) }
  }
}

/// The means of a picture's pixels over the cells of a coarser grid, taken
/// while its rows arrive, of which none is kept.
///
/// Along an axis that does not shrink the cells are the pixels.
struct AreaMeans {
  /// One row of a picture, one channel of a pixel after the other.
  enum Row {
    case bytes(UnsafeBufferPointer<UInt8>)
    case words(UnsafeBufferPointer<UInt16>)
  }

  private let channels: Int
  /// The number that stands for full intensity.
  private let white: Int
  private let rowBounds: CellBounds
  private let columnBounds: CellBounds
  private let isNative: Bool

  /// The means of all cells, of which the first `finished` are done.
  private var means: [Float]
  private var finished = 0
  /// The sums of each column's pixels in the present row of cells.
  ///
  /// They fit: no picture has more than 65,536 rows.
  private var columnSums: [UInt32]
  private var row = 0
  private var cellRow = 0

  /// The sums of all cells, while an interlaced picture arrives.
  private var passSums: [UInt64] = []
  private var cellOfColumn: [Int] = []

  /// - Parameter target: Of the picture as it is stored.
  init(header: PictureHeader, target: PixelSize) {
    let size = header.storedSize
    channels = header.isColor ? 3 : 1
    white = header.bitDepth == 16 ? 65_535 : 255
    rowBounds = CellBounds(
      cells: min(target.height, size.height), over: size.height,
      isMirrored: header.orientation.mirrorsRows)
    columnBounds = CellBounds(
      cells: min(target.width, size.width), over: size.width,
      isMirrored: header.orientation.mirrorsColumns)
    isNative =
      rowBounds.count == size.height && columnBounds.count == size.width
    means = [Float](
      repeating: 0, count: rowBounds.count * columnBounds.count * channels)
    columnSums = [UInt32](repeating: 0, count: size.width * channels)
  }

  /// The size of the grid.
  var size: PixelSize {
    PixelSize(width: columnBounds.count, height: rowBounds.count)
  }

  /// The means, one row of cells after the other.
  consuming func finish() -> [Float] {
    guard !passSums.isEmpty else { return means }
    for cellRow in 0..<rowBounds.count {
      for cell in 0..<columnBounds.count {
        let full = Float(
          white * rowBounds[cellRow].count * columnBounds[cell].count)
        for _ in 0..<channels {
          means[finished] = Float(passSums[finished]) / full
          finished += 1
        }
      }
    }
    return means
  }

  // MARK: Rows from top to bottom

  /// Takes the next row.
  mutating func add(_ row: Row) {
    switch row {
    case .bytes(let row): add(row)
    case .words(let row): add(row)
    }
  }

  /// Takes all rows of a file of a common kind; false when the fast decoder
  /// leaves the file to libpng, and the means must then be forgotten.
  mutating func add(
    scanlinesOf bytes: UnsafeRawBufferPointer, header: PNGHeader
  ) -> Bool {
    guard
      header.bitDepth == 8, !header.isInterlaced,
      [.grey, .rgb, .rgbAlpha].contains(header.colorType)
    else { return false }
    return PNGScanlines.read(
      bytes, width: header.size.width, height: header.size.height,
      channels: header.colorType.channels
    ) { add(.bytes($0)) }
  }

  @inline(__always)
  private mutating func add(
    _ pixels: UnsafeBufferPointer<some FixedWidthInteger>
  ) {
    guard !isNative else {
      let white = Float(white)
      let start = finished
      means.withUnsafeMutableBufferPointer { means in
        for (index, pixel) in pixels.enumerated() {
          means[start &+ index] = Float(pixel) / white
        }
      }
      finished += pixels.count
      return
    }
    columnSums.withUnsafeMutableBufferPointer { sums in
      for index in sums.indices {
        sums[index] &+= UInt32(truncatingIfNeeded: pixels[index])
      }
    }
    row += 1
    if row == rowBounds.starts[cellRow + 1] { finishCellRow() }
  }

  private mutating func finishCellRow() {
    let height = rowBounds[cellRow].count
    for cell in 0..<columnBounds.count {
      let columns = columnBounds[cell]
      let full = Float(white * height * columns.count)
      for channel in 0..<channels {
        var sum = UInt64.zero
        for column in columns {
          sum &+= UInt64(columnSums[column &* channels &+ channel])
        }
        means[finished] = Float(sum) / full
        finished += 1
      }
    }
    for index in columnSums.indices { columnSums[index] = 0 }
    cellRow += 1
  }

  // MARK: Rows in the passes of Adam7

  /// Takes row `y` of the picture as far as the pass holds it.
  mutating func add(_ row: Row, y: Int, of pass: Adam7Pass) {
    switch row {
    case .bytes(let row): add(row, y: y, of: pass)
    case .words(let row): add(row, y: y, of: pass)
    }
  }

  private mutating func add(
    _ pixels: UnsafeBufferPointer<some FixedWidthInteger>, y: Int,
    of pass: Adam7Pass
  ) {
    if passSums.isEmpty {
      passSums = [UInt64](
        repeating: 0, count: rowBounds.count * columnBounds.count * channels)
      cellOfColumn = columnBounds.cellOfPixel
      row = 0
      cellRow = 0
    }
    // Within a pass the rows come from top to bottom.
    if y < row { cellRow = 0 }
    row = y
    while y >= rowBounds.starts[cellRow + 1] { cellRow += 1 }
    let rowStart = cellRow * columnBounds.count
    var index = 0
    for x in stride(from: pass.x, to: cellOfColumn.count, by: pass.columnStep) {
      let target = (rowStart + cellOfColumn[x]) * channels
      for channel in 0..<channels {
        passSums[target + channel] += UInt64(pixels[index])
        index += 1
      }
    }
  }
}
