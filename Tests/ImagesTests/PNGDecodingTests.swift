import Diagnostics
import Execution
import Files
import Foundation
import TestSupport
import Testing

@testable import Images

@Suite("PNG decoding")
struct PNGDecodingTests {
  @Test(
    "every depth, colour type, transparency and interlacing decodes exactly")
  func everyKind() throws {
    for fixture in PNGFixture.all {
      let image = try PictureFile.decode(fixture.data())
      let description = Comment(rawValue: fixture.description)
      #expect(image.values == fixture.values, description)
      #expect(image.shape.width == fixture.width, description)
      #expect(image.shape.height == fixture.height, description)
    }
    #expect(PNGFixture.all.count == 208)
  }

  @Test("libpng alone gives the same")
  func libpng() throws {
    for fixture in PNGFixture.all {
      let image = try PictureFile.decode(fixture.data())
      let values = try fixture.data().withUnsafeBytes {
        try PNGDecoder($0, path: "", isFast: false).means(for: image.size)
          .finish()
      }
      #expect(values == image.values, Comment(rawValue: fixture.description))
    }
  }

  @Test("a shrunk picture has the means of the native one, in every kind")
  func shrinking() throws {
    for fixture in PNGFixture.all {
      let native = try PictureFile.decode(fixture.data())
      for size in [
        PixelSize(square: 1), PixelSize(width: 4, height: 3),
        PixelSize(width: 2, height: 11), PixelSize(square: 50),
      ] {
        let shrunk = try PictureFile.decode(fixture.data(), size: size)
        let expected = native.resized(to: size)
        #expect(shrunk.shape == expected.shape)
        let difference =
          zip(shrunk.values, expected.values)
          .map { abs($0 - $1) }.max() ?? 1
        #expect(difference < 1e-6, Comment(rawValue: fixture.description))
      }
    }
  }

  @Test("grey from colour is the luma of BT.601; colour from grey repeats it")
  func colorModes() throws {
    let rgb = PNGFixture(colorType: .rgb)
    let grey = try PictureFile.decode(rgb.data(), color: .grey)
    #expect(grey.shape.channels == 1)
    let pixel = rgb.intensities(4, 3)
    let luma = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
    #expect(abs(grey[4, 3, 0] - luma) < 1e-6)

    let colored = try PictureFile.decode(
      PNGFixture(colorType: .grey).data(), color: .rgb)
    #expect(colored.shape.channels == 3)
    #expect(colored[4, 3, 0] == colored[4, 3, 1])
    #expect(colored[4, 3, 0] == colored[4, 3, 2])
  }

  @Test("pixels may be spread over many chunks")
  func manyChunks() throws {
    let fixture = PNGFixture(width: 37, height: 21)
    for count in [2, 7, 10_000] {
      let image = try PictureFile.decode(fixture.data(dataChunks: count))
      #expect(image.values == fixture.values)
    }
  }

  @Test("the header tells size, depth and colour")
  func header() throws {
    let data = PNGFixture(
      bitDepth: 4, colorType: .palette, isInterlaced: true
    ).data()
    let header = try data.withUnsafeBytes { try PNGHeader($0, path: "") }
    #expect(header.size == PixelSize(width: 9, height: 7))
    #expect(header.bitDepth == 4)
    #expect(header.colorType == .palette)
    #expect(header.isInterlaced)
    #expect(header.isColor)
  }

  // MARK: Damage

  private func fault(_ data: Data) -> FileFault? {
    #expect(throws: FileFault.self) {
      _ = try PictureFile.decode(
        data, name: "x.png", size: PixelSize(square: 4), color: .rgb)
    }
  }

  @Test("a file cut short anywhere is refused with its name")
  func truncation() throws {
    for fixture in [
      PNGFixture(), PNGFixture(bitDepth: 2, colorType: .palette),
      PNGFixture(bitDepth: 16, isInterlaced: true),
    ] {
      let data = fixture.data()
      for count in 0..<data.count {
        let fault = try #require(self.fault(data.prefix(count)))
        #expect(fault.kind == .data)
        #expect(fault.place == "x.png")
      }
    }
  }

  @Test("a flipped bit in a critical chunk is found by its checksum")
  func flippedBits() throws {
    let fixture = PNGFixture()
    let data = fixture.data()
    for index in 8..<data.count {
      var damaged = data
      damaged[index] ^= 1
      // A changed bit that still gives the picture would be no damage found.
      #expect(fault(damaged) != nil, "byte \(index)")
    }
  }

  @Test("what is there beside the pixels does them no harm")
  func spareBytes() throws {
    for isInterlaced in [false, true] {
      let fixture = PNGFixture(isInterlaced: isInterlaced)
      let rows = fixture.filteredRows
      for bytes in [
        PNGFixture.compressed(rows) + [0], PNGFixture.compressed(rows + [0]),
        PNGFixture.compressed(rows + rows),
      ] {
        let image = try PictureFile.decode(
          fixture.data(compressed: bytes), name: "x.png", color: .automatic)
        #expect(image.values == fixture.values)
      }
    }
  }

  @Test("wrong zlib data under a right chunk checksum is refused")
  func wrongZlibData() throws {
    let fixture = PNGFixture()
    let good = PNGFixture.compressed(fixture.filteredRows)
    var wrongChecksum = good
    wrongChecksum[good.count - 1] ^= 1
    var wrongHeader = good
    wrongHeader[0] = 0x79
    for bytes in [
      wrongChecksum, wrongHeader, Array(good.dropLast(6)),
      Array("no zlib data at all".utf8), PNGFixture.compressed([]),
      PNGFixture.compressed(Array(fixture.filteredRows.dropLast())),
      PNGFixture.compressed([9] + fixture.filteredRows.dropFirst()),
    ] {
      #expect(fault(fixture.data(compressed: bytes)) != nil)
    }
  }

  @Test("files of other formats are called by their name")
  func otherFormats() throws {
    #expect(
      fault(Data("RIFF....WEBPVP8 ".utf8))?.description
        == "the picture is a WebP file, not PNG, JPEG or BMP (x.png):"
        + " convert it, as by: mogrify -format png *.png")
    #expect(
      fault(Data())?.description
        == "the picture is an empty file (x.png):"
        + " copy the picture again from its source")
    #expect(fault(Data("hello, world, this is some text".utf8)) != nil)
  }

  @Test("a header that promises too much is refused before memory is taken")
  func hugeHeaders() throws {
    for (width, height) in [
      (100_000, 100_000), (60_000, 60_000), (1 << 31 - 1, 1),
      (1, 1 << 31 - 1), (16_000, 16_000), (0, 5),
    ] {
      var fixture = PNGFixture()
      let pixels = PNGFixture.compressed(fixture.filteredRows)
      fixture.width = width
      fixture.height = height
      #expect(fault(fixture.data(compressed: pixels)) != nil)
    }
    var fixture = PNGFixture()
    let pixels = PNGFixture.compressed(fixture.filteredRows)
    fixture.width = 100_000
    fixture.height = 100_000
    #expect(
      fault(fixture.data(compressed: pixels))?.problem
        == "the PNG header promises 100000 x 100000 pixels")
  }

  @Test("no change of bytes crashes the decoder")
  func mutations() throws {
    var random = SeededGenerator(seed: 7)
    let fixtures = PNGFixture.all.filter { $0.width == 37 }.map { $0.data() }
    for round in 0..<6000 {
      var data = fixtures[round % fixtures.count].mutated(using: &random)
      // Half of them get past the checksums.
      if round.isMultiple(of: 2) { data = withRightChecksums(data) }
      do {
        let image = try PictureFile.decode(data, size: PixelSize(square: 5))
        #expect(image.values.allSatisfy { 0...1 ~= $0 })
      } catch is FileFault {
      }
    }
  }

  /// The file with the checksum of every chunk made right.
  private func withRightChecksums(_ data: Data) -> Data {
    let bytes = [UInt8](data)
    var result = Array(bytes.prefix(8))
    var offset = 8
    while offset + 12 <= bytes.count {
      let count = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
      guard count <= bytes.count - offset - 12 else { break }
      let content = Array(bytes[offset + 8..<offset + 8 + count])
      let name = String(
        decoding: bytes[offset + 4..<offset + 8].map { $0 & 0x7f },
        as: UTF8.self)
      result += PNGFixture.chunk(name, content)
      offset += 12 + count
    }
    return Data(result + bytes[min(offset, bytes.count)...])
  }
}
