import Execution
import Files
import Foundation
import TestSupport
import Testing

@testable import Images

@Suite("JPEG and BMP files, and pictures held otherwise")
struct PictureFileTests {
  private func decode(
    _ data: Data, _ name: String = "x", size: PixelSize? = nil
  ) throws -> RasterImage {
    try PictureFile.decode(data, name: name, size: size)
  }

  private func fault(_ data: Data, name: String = "x") -> FileFault? {
    #expect(throws: FileFault.self) { _ = try decode(data, name) }
  }

  /// The grey or RGB bytes of a picture.
  private func bytes(_ image: RasterImage, isGrey: Bool) -> [UInt8] {
    image.converted(toChannels: isGrey ? 1 : 3).values.map {
      UInt8(($0 * 255).rounded())
    }
  }

  @Test("JPEG files have the pixels that Pillow reads, to a grey level")
  func jpegs() throws {
    for picture in PictureFixture.jpegs {
      let image = try decode(picture.file)
      let isGrey = picture.name == "grey"
      #expect(image.size == PixelSize(width: 19, height: 13))
      #expect(image.shape.channels == (isGrey ? 1 : 3))
      let ours = bytes(image, isGrey: isGrey)
      #expect(ours.count == picture.pixels.count)
      let most = zip(ours, picture.pixels).map { abs(Int($0) - Int($1)) }.max()
      #expect(most ?? 255 <= 1, "\(picture.name)")
    }
  }

  @Test("BMP files have the pixels that Pillow reads")
  func bmps() throws {
    for picture in PictureFixture.bmps {
      let image = try decode(picture.file)
      #expect(image.size == PixelSize(width: 5, height: 3))
      #expect(
        bytes(image, isGrey: false) == picture.pixels, "\(picture.name)")
      let isGrey = ["1 bit", "8 bits, grey"].contains(picture.name)
      #expect(image.shape.channels == (isGrey ? 1 : 3), "\(picture.name)")
    }
  }

  @Test("a picture that is shrunk while it is read is that shrunk afterwards")
  func shrinking() throws {
    let size = PixelSize(width: 4, height: 5)
    for picture in PictureFixture.jpegs + PictureFixture.bmps {
      let whole = try decode(picture.file).resized(to: size)
      let shrunk = try decode(picture.file, size: size)
      let difference = zip(whole.values, shrunk.values).map { abs($0 - $1) }
      #expect(difference.max() ?? 1 < 1e-5, "\(picture.name)")
    }
  }

  // MARK: Orientation

  /// A grey PNG of 3 x 2 pixels from 0 to 200 with an EXIF orientation.
  private func turned(_ orientation: UInt8, isBigEndian: Bool) -> Data {
    let rows: [UInt8] = [0, 0, 40, 80, 0, 120, 160, 200]
    let exif: [UInt8] =
      isBigEndian
      ? Array("MM\0*".utf8) + [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1]
        + [0, orientation, 0, 0]
      : Array("II*\0".utf8) + [8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0]
        + [orientation, 0, 0, 0]
    return Data(
      PNGHeader.signature
        + PNGFixture.chunk("IHDR", [0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0])
        + PNGFixture.chunk("eXIf", exif)
        + PNGFixture.chunk("IDAT", PNGFixture.compressed(rows))
        + PNGFixture.chunk("IEND", []))
  }

  // Pillow 13.0.0, ImageOps.exif_transpose.
  private static let upright: [[UInt8]] = [
    [0, 40, 80, 120, 160, 200], [80, 40, 0, 200, 160, 120],
    [200, 160, 120, 80, 40, 0], [120, 160, 200, 0, 40, 80],
    [0, 120, 40, 160, 80, 200], [120, 0, 160, 40, 200, 80],
    [200, 80, 160, 40, 120, 0], [80, 200, 40, 160, 0, 120],
  ]

  @Test("pictures come upright, as EXIF says the camera was held")
  func orientations() throws {
    for (index, expected) in Self.upright.enumerated() {
      for isBigEndian in [false, true] {
        let data = turned(UInt8(index + 1), isBigEndian: isBigEndian)
        let image = try decode(data)
        #expect(
          image.size
            == (index < 4
              ? PixelSize(width: 3, height: 2)
              : PixelSize(width: 2, height: 3)))
        #expect(bytes(image, isGrey: true) == expected)
        // Cells that are not of one size are those of the upright picture.
        for size in [PixelSize(square: 2), PixelSize(width: 1, height: 2)] {
          let shrunk = try decode(data, size: size)
          let whole = image.resized(to: size)
          for (a, b) in zip(shrunk.values, whole.values) {
            #expect(abs(a - b) < 1e-6)
          }
        }
      }
    }
    #expect(try decode(turned(9, isBigEndian: true)).size.width == 3)
  }

  @Test("so do JPEG files, also where only the header is read")
  func turnedJPEG() throws {
    let picture = PictureFixture.turned
    let folder = try TemporaryFolder()
    let url = try folder.write(picture.file, to: "phone.JPG")
    let header = try PictureFile.header(of: MappedFile(url))
    #expect(header.size == PixelSize(width: 13, height: 19))
    #expect(header.format == .jpeg)
    let image = try PictureFile.decode(url)
    // Turned clockwise: the upper left pixel was the lower left one.
    for channel in 0..<3 {
      let stored = Int(picture.pixels[12 * 19 * 3 + channel])
      #expect(
        abs(Int((image[0, 0, channel] * 255).rounded()) - stored) <= 1)
    }
  }

  // MARK: Damage

  @Test("a JPEG file cut short is refused in one line, unless only its end is")
  func truncation() throws {
    for picture in PictureFixture.jpegs + [PictureFixture.turned] {
      for count in 3..<picture.file.count - 2 {
        do {
          // The last block may need none of the last bits.
          let image = try decode(picture.file.prefix(count), "x.jpg")
          #expect(count > picture.file.count - 5)
          #expect(image.size.width > 0)
        } catch let fault as FileFault {
          #expect(fault.place == "x.jpg")
          #expect(fault.kind == .data)
        }
      }
    }
    let picture = PictureFixture.jpegs[0]
    #expect(
      fault(picture.file.prefix(650), name: "x.jpg")?.description
        == "the JPEG file is damaged or cut short: Corrupt JPEG data: premature"
        + " end of data segment (x.jpg): copy the picture again from its source"
    )
    let whole = try decode(picture.file)
    #expect(try decode(picture.file + Data([1, 2, 3])) == whole)
    #expect(try decode(picture.file.dropLast(2)) == whole)
  }

  @Test("a BMP file cut short is refused")
  func truncatedBMP() throws {
    for picture in PictureFixture.bmps {
      for count in 2..<picture.file.count - 3 {
        #expect(fault(picture.file.prefix(count)) != nil)
      }
      #expect(
        try decode(picture.file + Data([1, 2])) == decode(picture.file))
    }
  }

  @Test("no change of bytes crashes a decoder")
  func mutations() throws {
    var random = SeededGenerator(seed: 11)
    let files =
      (PictureFixture.jpegs + PictureFixture.bmps + [PictureFixture.turned])
      .map(\.file) + [PictureFixture.cmyk]
    for round in 0..<6000 {
      let data = files[round % files.count].mutated(using: &random)
      do {
        let image = try decode(data, size: PixelSize(square: 5))
        #expect(image.values.allSatisfy { 0...1 ~= $0 })
      } catch is FileFault {
      }
    }
  }

  @Test("headers that promise too much are refused before memory is taken")
  func hugeHeaders() throws {
    var jpeg = [UInt8](PictureFixture.jpegs[1].file)
    // The size stands behind the marker, the length and the depth.
    let frame = try #require(
      jpeg.indices.first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc2 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x3f, 0, 0x3f, 0])
    #expect(
      fault(Data(jpeg))?.problem
        == "the JPEG file is too small for the 16128 x 16128 pixels it promises"
    )
    var bmp = [UInt8](PictureFixture.bmps[6].file)
    bmp.replaceSubrange(18..<26, with: [0, 0, 1, 0, 0, 0, 1, 0])
    #expect(
      fault(Data(bmp))?.problem
        == "the BMP header promises 65536 x 65536 pixels")
  }

  // MARK: Refusals

  @Test("what is not read is refused by name, with the command that converts")
  func refusals() throws {
    #expect(
      fault(PictureFixture.cmyk)?.description
        == "the JPEG file holds CMYK colours, for printing (x): convert it, as"
        + " by: mogrify -colorspace sRGB FILE")
    var runLengths = [UInt8](PictureFixture.bmps[2].file)
    runLengths[30] = 1
    #expect(
      fault(Data(runLengths), name: "a.bmp")?.description
        == "the BMP file holds run-length-compressed pixels (a.bmp): convert"
        + " it, as by: mogrify -format png *.bmp")
    let starts: [(String, [UInt8], String)] = [
      ("GIF", Array("GIF89a".utf8), "a.gif"),
      ("TIFF", Array("II*\0".utf8), "a.tif"),
      ("TIFF", Array("MM\0*".utf8), "a.TIFF"),
      ("WebP", Array("RIFF....WEBPVP8 ".utf8), "a.webp"),
      ("HEIC", [0, 0, 0, 24] + Array("ftypheic".utf8), "a.heic"),
      ("AVIF", [0, 0, 0, 24] + Array("ftypavif".utf8), "a.avif"),
    ]
    for (format, start, name) in starts {
      let ending = name.dropFirst(2)
      #expect(
        fault(Data(start), name: name)?.description
          == "the picture is a \(format) file, not PNG, JPEG or BMP (\(name)):"
          + " convert it, as by: mogrify -format png *.\(ending)")
    }
    let apple = Data(
      PNGHeader.signature + PNGFixture.chunk("CgBI", [0x50, 0, 0x20, 2])
        + [UInt8](PNGFixture().data().dropFirst(8)))
    #expect(fault(apple)?.problem.description.contains("CgBI") == true)
  }
}
