import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Images

@Suite("Folders of pictures")
final class ImageFolderTests {
  private let folder: TemporaryFolder
  private var urls: [URL] = []
  private var files: [RereadFile] { urls.map { RereadFile($0) } }

  init() throws {
    folder = try TemporaryFolder()
    for index in 0..<7 {
      let url = folder.file("\(index).png")
      try PNGFixture(
        width: 20 + index, height: 12, colorType: index == 5 ? .rgb : .grey
      ).data().write(to: url)
      urls.append(url)
    }
  }

  private let size = PixelSize(width: 4, height: 3)

  @Test("each row is the picture of the same place")
  func rows() throws {
    let shape = try PictureFile.commonShape(of: files, size: size)
    #expect(shape == ImageShape(height: 3, width: 4, channels: 3))
    let matrix = try PictureFile.decodeAll(files, shape: shape)
    #expect(matrix.rows == 7)
    for (index, url) in urls.enumerated() {
      let image = try PictureFile.decode(url, size: size, color: .rgb)
      #expect(Array(matrix.row(index)) == image.values)
    }
  }

  @Test("the number of threads changes nothing")
  func threads() throws {
    let shape = try PictureFile.commonShape(of: files, size: size)
    let one = try Parallel.$threadCount.withValue(1) {
      try PictureFile.decodeAll(files, shape: shape)
    }
    let two = try Parallel.$threadCount.withValue(2) {
      try PictureFile.decodeAll(files, shape: shape)
    }
    #expect(one == two)
  }

  @Test("colour is taken when any picture has it, unless told otherwise")
  func color() throws {
    #expect(try PictureFile.commonShape(of: files, size: size).channels == 3)
    #expect(
      try PictureFile.commonShape(of: Array(files[..<5]), size: size).channels
        == 1)
    #expect(
      try PictureFile.commonShape(of: files, size: size, color: .grey).channels
        == 1)
  }

  @Test("pictures of different sizes need a size to resample to")
  func differentSizes() throws {
    let fault = #expect(throws: ImageFault.self) {
      _ = try PictureFile.commonShape(of: self.files)
    }
    #expect(fault?.place == urls[1].path)
    #expect(fault?.kind == .data)
    #expect(throws: ImageFault.invalidSize(PixelSize(square: 0))) {
      _ = try PictureFile.commonShape(
        of: self.files, size: PixelSize(square: 0))
    }
  }

  @Test("the first file that cannot be read is named")
  func damage() throws {
    try Data().write(to: urls[2])
    try Data("text".utf8).write(to: urls[4])
    let shape = ImageShape(height: 3, width: 4, channels: 1)
    let fault = #expect(throws: FileFault.self) {
      _ = try PictureFile.decodeAll(self.files, shape: shape)
    }
    #expect(fault?.place == urls[2].path)
  }
}
