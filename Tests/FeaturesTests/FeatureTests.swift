import Datasets
import Execution
import Features
import Foundation
import Images
import LinearAlgebra
import TestSupport
import Testing

@Suite struct FeatureTests {
  private let shape = ImageShape(height: 16, width: 24, channels: 3)

  /// `0.5 + 0.5 * sin(0.7 x + 0.06 y y + channel)`.
  private func picture(channels: Int) -> [Float] {
    var values: [Float] = []
    for y in 0..<16 {
      for x in 0..<24 {
        for channel in 0..<channels {
          let phase =
            0.7 * Double(x) + 0.3 * Double(y * y) / 5 + Double(channel)
          values.append(Float(0.5 + 0.5 * sin(phase)))
        }
      }
    }
    return values
  }

  private func category(
    _ matrix: Matrix, shape: ImageShape?
  ) -> DatasetCategory {
    let set = SampleSet(
      samples: (0..<matrix.rows).map { Sample(id: "\($0)", category: "c") },
      source: matrix, imageShape: shape)
    return DatasetCategory(name: "c", train: set, test: set)
  }

  // skimage.feature.hog(picture, orientations=9, pixels_per_cell=(8, 8),
  //   cells_per_block=(2, 2), block_norm="L2-Hys", channel_axis=-1)
  @Test(
    "HOG agrees with scikit-image in grey and in colour",
    arguments: [
      (
        1, 6.503356,
        [0.214143, 0.268918, 0.392752, 0.001209, 0.068609, 0.001203, 0]
          as [Float]
      ),
      (
        3, 6.234282,
        [0.20696, 0.311222, 0.398763, 0, 0.066694, 0, 0] as [Float]
      ),
    ])
  func hog(channels: Int, sum: Double, first: [Float]) throws {
    let shape = ImageShape(height: 16, width: 24, channels: channels)
    let pixels = Matrix([picture(channels: channels)])
    let category = category(pixels, shape: shape)
    let extractor = try FeatureRecipe(kind: .hog).extractor(for: category)
    let features = try extractor.samples(of: category.train).matrix()
    #expect(features.columns == 72)
    #expect(abs(features.values.reduce(0) { $0 + Double($1) } - sum) < 1e-4)
    expectClose(
      features.values.prefix(first.count), first, within: .absolute(1e-5))
  }

  @Test("Arrays of images are shrunk and turned grey as they are read")
  func reshaped() throws {
    let pixels = Matrix([picture(channels: 3), picture(channels: 3)])
    let category = category(pixels, shape: shape)
    let recipe = FeatureRecipe(size: PixelSize(square: 8), color: .grey)
    let extractor = try recipe.extractor(for: category)
    let features = try extractor.samples(of: category.train).matrix()
    #expect(features.rows == 2)
    #expect(features.columns == 64)
    let image = RasterImage(shape: shape, values: picture(channels: 3))
    #expect(
      Array(features.row(1))
        == image.resized(to: PixelSize(square: 8))
        .converted(toChannels: 1).values)
    // Made when they are read, where they would take too much memory.
    let streamed = try extractor.samples(
      of: category.train, in: RunContext(memoryBudget: 0))
    #expect(!(streamed is Matrix))
    #expect(try streamed.matrix() == features)
  }

  @Test("Columns of a table are the features")
  func table() throws {
    let matrix = Matrix([[1, 2], [3, 4]])
    let category = category(matrix, shape: nil)
    let extractor = try FeatureRecipe().extractor(for: category)
    #expect(extractor.name == "columns")
    #expect(try extractor.samples(of: category.train).matrix() == matrix)
  }

  @Test("Image features of a table are refused in one line")
  func imageFeaturesOfTable() {
    let category = category(Matrix([[1, 2]]), shape: nil)
    #expect(throws: FeatureFault.notImages(category: "c")) {
      try FeatureRecipe(kind: .hog).extractor(for: category)
    }
  }

  @Test("HOG needs two cells a side")
  func tooSmall() {
    let category = category(
      Matrix(rows: 1, columns: 64),
      shape: ImageShape(height: 8, width: 8, channels: 1))
    #expect(throws: FeatureFault.self) {
      try FeatureRecipe(kind: .hog).extractor(for: category)
    }
  }

  @Test("A model of images does not take a table")
  func otherContent() throws {
    let images = category(Matrix([picture(channels: 3)]), shape: shape)
    let table = category(Matrix([[1, 2]]), shape: nil)
    let extractor = try FeatureRecipe().extractor(for: images)
    #expect(throws: FeatureFault.self) {
      try extractor.samples(of: table.train)
    }
  }
}
