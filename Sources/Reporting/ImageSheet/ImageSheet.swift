import Execution
import Foundation
import Images

/// Labelled pictures in rows and columns, to be written as one PNG file:
/// originals beside their reconstructions, outliers with their scores.
public struct ImageSheet: Sendable {
  /// A picture and the words under it.
  public struct Picture: Sendable {
    /// Grey or RGB, of any size; it is shown as large as its place allows.
    public var image: RasterImage
    /// Cut to three lines of the picture's width; empty for none.
    public var caption: String

    /// Grey or RGB, of any size; without words by default.
    public init(_ image: RasterImage, caption: String = "") {
      self.image = image
      self.caption = caption
    }
  }

  /// Pictures side by side and the words left of them.
  public struct Row: Sendable {
    /// Stands left of the pictures.
    public var label: String
    /// Nil leaves a place free.
    public var pictures: [Picture?]

    /// Without a label by default.
    public init(_ label: String = "", _ pictures: [Picture?]) {
      self.label = label
      self.pictures = pictures
    }

    /// Images with intensities cut to 0...1, with as many captions or none.
    init(_ label: String, _ images: [RasterImage], captions: [String] = []) {
      self.init(
        label,
        images.enumerated().map { index, image in
          var image = image
          image.values = image.values.map { min(max($0, 0), 1) }
          return Picture(
            image, caption: captions.isEmpty ? "" : captions[index])
        })
    }
  }

  /// Stands above everything, cut to four lines.
  public var title: String
  /// The headings of the columns, from the left; none when empty.
  public var columns: [String]
  /// From the top; they need not be equally long.
  public var rows: [Row]

  /// By default: no headings of columns.
  public init(title: String, columns: [String] = [], rows: [Row]) {
    self.title = title
    self.columns = columns
    self.rows = rows
  }

  /// Pictures without an order of their own, several in a row.
  public init(title: String, _ pictures: [Picture], perRow: Int = 6) {
    self.init(
      title: title,
      rows: Parallel.blocks(pictures.count, size: max(1, perRow)).map {
        Row("", pictures[$0].map { $0 })
      })
  }

  /// The sheet as one RGB picture, black on white.
  ///
  /// - Parameter side: The pixels of a place for a picture, each way.
  public func image(side: Int = 168) -> RasterImage {
    SheetLayout(self, side: max(side, 32)).image
  }

  /// Writes the sheet as a PNG file.
  ///
  /// - Throws: `FileFault.unwritable`; the file is then as it was.
  public func write(to url: URL, side: Int = 168) throws {
    try PNG.write(image(side: side), to: url)
  }
}

/// Where everything on a sheet stands.
private struct SheetLayout {
  private let sheet: ImageSheet
  private let side: Int
  private let columnCount: Int
  private let labels: [[String]]
  private let captions: [[[String]]]
  private let headings: [[String]]

  private static let gap = 12
  private static let textSize = 2
  private static let titleSize = 3
  private static let labelLetters = 14
  private static let captionLines = 3

  init(_ sheet: ImageSheet, side: Int) {
    self.sheet = sheet
    self.side = side
    columnCount = max(
      sheet.columns.count, sheet.rows.map(\.pictures.count).max() ?? 0)
    let letters = side / Lettering.advance(Self.textSize)
    labels = sheet.rows.map {
      Lettering.lines(of: $0.label, letters: Self.labelLetters, most: 6)
    }
    captions = sheet.rows.map { row in
      row.pictures.map {
        Lettering.lines(
          of: $0?.caption ?? "", letters: letters, most: Self.captionLines)
      }
    }
    headings = sheet.columns.map {
      Lettering.lines(of: $0, letters: letters, most: Self.captionLines)
    }
  }

  var image: RasterImage {
    let line = Lettering.lineHeight(Self.textSize)
    let labelWidth =
      (labels.joined().map(\.count).max() ?? 0)
      * Lettering.advance(Self.textSize)
    let left = Self.gap + (labelWidth > 0 ? labelWidth + Self.gap : 0)
    let inner = columnCount * (side + Self.gap)
    let titleLines = Lettering.lines(
      of: sheet.title,
      letters: max(12, (left + inner) / Lettering.advance(Self.titleSize)),
      most: 4)
    let titleLine = Lettering.lineHeight(Self.titleSize)
    let titleWidth =
      (titleLines.map(\.count).max() ?? 0) * Lettering.advance(Self.titleSize)
    let headingTop = Self.gap + titleLines.count * titleLine
    let top = headingTop + (headings.map(\.count).max() ?? 0) * line
    let heights = captions.map {
      side + 4 + ($0.map(\.count).max() ?? 0) * line + Self.gap
    }
    var canvas = Canvas(
      width: max(left + inner, titleWidth + 2 * Self.gap),
      height: top + heights.reduce(0, +) + 4)

    canvas.write(titleLines, x: Self.gap, y: Self.gap, size: Self.titleSize)
    for (column, heading) in headings.enumerated() {
      canvas.write(
        heading, x: left + column * (side + Self.gap), y: headingTop,
        size: Self.textSize)
    }
    var y = top
    for (row, height) in heights.enumerated() {
      canvas.write(labels[row], x: Self.gap, y: y, size: Self.textSize)
      for (column, picture) in sheet.rows[row].pictures.enumerated() {
        guard let picture else { continue }
        let x = left + column * (side + Self.gap)
        canvas.show(picture.image, x: x, y: y, side: side)
        canvas.write(
          captions[row][column], x: x, y: y + side + 4, size: Self.textSize)
      }
      y += height
    }
    return canvas.image
  }
}

/// How words are set in the dot font.
private enum Lettering {
  static func advance(_ size: Int) -> Int { (DotFont.width + 1) * size }
  static func lineHeight(_ size: Int) -> Int { (DotFont.height + 2) * size }

  /// Words broken into lines; what does not fit into the last ends in two dots.
  static func lines(of text: String, letters: Int, most: Int) -> [String] {
    var lines: [String] = []
    var line: Substring = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      if line.isEmpty {
        line = word
      } else if line.count + 1 + word.count <= letters {
        line += " " + word
      } else {
        lines.append(String(line))
        line = word
      }
      while line.count > letters {
        lines.append(String(line.prefix(letters)))
        line = line.dropFirst(letters)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    guard lines.count > most else { return lines }
    return lines.prefix(most - 1) + [lines[most - 1].prefix(letters - 2) + ".."]
  }
}

/// A white page that pictures and words are put on.
private struct Canvas {
  private(set) var image: RasterImage

  init(width: Int, height: Int) {
    image = RasterImage(
      shape: ImageShape(height: height, width: width, channels: 3),
      repeating: 1)
  }

  /// Puts a picture into the middle of a square place, as large as it fits.
  mutating func show(_ picture: RasterImage, x: Int, y: Int, side: Int) {
    let longest = max(picture.shape.width, picture.shape.height)
    let size = PixelSize(
      width: max(1, picture.shape.width * side / longest),
      height: max(1, picture.shape.height * side / longest))
    let picture = picture.resized(to: size).converted(toChannels: 3)
    let left = x + (side - size.width) / 2
    let top = y + (side - size.height) / 2
    for row in 0..<size.height {
      for column in 0..<size.width {
        for channel in 0..<3 {
          image[left + column, top + row, channel] =
            picture[column, row, channel]
        }
      }
    }
  }

  /// - Parameter size: The pixels of a dot, each way.
  mutating func write(_ lines: [String], x: Int, y: Int, size: Int) {
    for (index, line) in lines.enumerated() {
      let top = y + index * Lettering.lineHeight(size)
      for (place, scalar) in line.unicodeScalars.enumerated() {
        write(scalar, x: x + place * Lettering.advance(size), y: top, size)
      }
    }
  }

  private mutating func write(
    _ scalar: Unicode.Scalar, x: Int, y: Int, _ size: Int
  ) {
    for row in 0..<DotFont.height * size {
      for column in 0..<DotFont.width * size
      where DotFont.isSet(scalar, column / size, row / size)
        && x + column < image.shape.width
      {
        for channel in 0..<3 { image[x + column, y + row, channel] = 0 }
      }
    }
  }
}
