import Execution
import Images
import TestSupport
import Testing

@testable import LocalFeatures

@Suite struct LocalFeaturesTests {
  @Test("Features are those of an independent computation")
  func reference() throws {
    let features = LocalFeatures(of: referencePicture.shape)
      .features(of: referencePicture)
    #expect(features.height == 64 && features.width == 64)
    #expect(features.channels == 54)
    for (cell, expected) in zip(referenceCells, referenceFeatures) {
      let start = (cell.row * 64 + cell.column) * 54
      // The root makes much of rounding where gradients vanish.
      expectClose(
        features.values[start..<start + 54], expected, within: .absolute(1e-3))
    }
    let sums = (0..<54).map { channel in
      stride(from: channel, to: features.values.count, by: 54)
        .reduce(0.0) {
          $0 + Double(features.values[$1] * features.values[$1])
        }
    }
    expectClose(sums, referenceSquareSums, within: .relative(1e-4))
  }

  @Test("Channels of one kind are those of all")
  func kinds() {
    let all = LocalFeatures(of: referencePicture.shape)
      .features(of: referencePicture)
    for (kind, range) in [
      (LocalChannels.gradients, 0..<48), (.color, 48..<54),
    ] {
      let some = LocalFeatures(kind, of: referencePicture.shape)
        .features(of: referencePicture)
      #expect(some.channels == kind.count)
      #expect(
        some.values
          == stride(from: 0, to: all.values.count, by: 54).flatMap {
            all.values[$0 + range.lowerBound..<$0 + range.upperBound]
          })
    }
    let pixels = LocalFeatures(.pixels, of: referencePicture.shape)
      .features(of: referencePicture)
    #expect(pixels.channels == 1)
  }

  @Test("Any size makes whole cells", arguments: [1, 5, 63, 100, 200])
  func sizes(side: Int) {
    for channels in [1, 3] {
      let shape = ImageShape(height: side, width: 130, channels: channels)
      let layout = LocalFeatures(of: shape)
      let features = layout.features(
        of: RasterImage(shape: shape, repeating: 0.5))
      #expect(layout.rows % 16 == 0 && layout.columns == 32)
      #expect(features.height == layout.rows)
      // Nothing to see: no gradient, and the colour of the border.
      #expect(features.values.allSatisfy { abs($0) < 1e-3 })
    }
  }

  @Test("A blurred point is a Gaussian, and blurring keeps the mean")
  func blur() {
    var point = Raster(
      height: 41, width: 41, values: .init(repeating: 0, count: 41 * 41))
    point.values[20 * 41 + 20] = 1
    let blurred = point.blurred(2)
    #expect(abs(blurred.values.reduce(0, +) - 1) < 1e-5)
    let ratio = blurred.values[20 * 41 + 22] / blurred.values[20 * 41 + 20]
    // exp(-1/2)
    #expect(abs(ratio - 0.60653) < 1e-4)
    #expect(blurred.values[20 * 41 + 22] == blurred.values[22 * 41 + 20])
  }

  @Test("Enlarging goes in even steps, and averaging undoes it")
  func enlarge() {
    let ramp = Raster(height: 1, width: 4, values: [0, 4, 8, 12])
    #expect(
      ramp.enlarged(height: 1, width: 8).values == [0, 1, 3, 5, 7, 9, 11, 12])
    #expect(
      Raster(height: 2, width: 2, values: [1, 2, 3, 4]).means(of: 2).values
        == [2.5])
  }
}

/// Made of whole numbers, so that NumPy makes the same: ramps, a disc, a
/// pattern and tiles, with a little noise.
private let referencePicture: RasterImage = {
  let shape = ImageShape(height: 256, width: 256, channels: 3)
  var image = RasterImage(shape: shape)
  for y in 0..<256 {
    for x in 0..<256 {
      for c in 0..<3 {
        let value: Int
        if y < 128 {
          let isInside = (x - 150) * (x - 150) + (y - 90) * (y - 90) < 3600
          value =
            x < 96
            ? ((x * (c + 1) + 2 * y) / 4) % 256
            : isInside ? 200 - 50 * c : 60 + 30 * c
        } else if x < 128 {
          value = (3 * x * x + 7 * y + x * y + 40 * c) % 251
        } else {
          value = (x / 5 + y / 9) % 2 == 0 ? 180 : 40 + 20 * c
        }
        let level = value * 15 / 16 + (7 * x + 13 * y + x * y + 5 * c) % 11
        image[x, y, c] = Float(level) / 255
      }
    }
  }
  return image
}()

/// Of the finest grid.
private let referenceCells: [(row: Int, column: Int)] = [
  (0, 0), (63, 63), (63, 40), (32, 32), (20, 37), (45, 17), (50, 50),
]

// By NumPy 2.4, SciPy 1.17 and OpenCV in double precision from the description
// in `LocalFeatures`: correlate1d with Gaussians cut off at 4 deviations and
// mode "mirror", Sobel, arctan2, area means.
private let referenceFeatures: [[Double]] = [
  [
    0.0185, 0.0388, 0.0233, 0.0031, 0.0000, 0.0000, 0.0000, 0.0014, 0.1655,
    0.3462, 0.2084, 0.0274, 0.0000, 0.0000, 0.0000, 0.0125, 0.0229, 0.0520,
    0.0292, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.1896, 0.4292, 0.2411,
    0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0361, 0.0581, 0.0423, 0.0000,
    0.0000, 0.0000, 0.0000, 0.0000, 0.2634, 0.4232, 0.3090, 0.0000, 0.0000,
    0.0000, 0.0000, 0.0000, -0.3125, 0.0936, 0.1512, -0.2950, 0.0922, 0.1433,
  ],
  [
    0.1542, 0.0734, 0.1153, 0.0763, 0.1664, 0.0644, 0.0748, 0.0606, 0.4819,
    0.2303, 0.3626, 0.2394, 0.5207, 0.2009, 0.2328, 0.1890, 0.1266, 0.0616,
    0.1450, 0.0824, 0.1656, 0.0884, 0.0839, 0.0565, 0.3836, 0.1870, 0.4419,
    0.2496, 0.5015, 0.2678, 0.2543, 0.1709, 0.0597, 0.0098, 0.0359, 0.0159,
    0.0988, 0.0146, 0.0363, 0.0103, 0.3697, 0.0606, 0.2200, 0.0977, 0.6088,
    0.0904, 0.2236, 0.0638, 0.1272, 0.0613, 0.1019, 0.1153, 0.0623, 0.0973,
  ],
  [
    0.1582, 0.0722, 0.1087, 0.0724, 0.1603, 0.0662, 0.1063, 0.0668, 0.4806,
    0.2191, 0.3302, 0.2199, 0.4871, 0.2010, 0.3229, 0.2029, 0.1607, 0.0738,
    0.1071, 0.0708, 0.1683, 0.0779, 0.0855, 0.0885, 0.4801, 0.2203, 0.3207,
    0.2115, 0.5027, 0.2329, 0.2556, 0.2647, 0.0857, 0.0207, 0.0110, 0.0184,
    0.0879, 0.0168, 0.0111, 0.0201, 0.5539, 0.1335, 0.0708, 0.1190, 0.5683,
    0.1088, 0.0712, 0.1295, 0.1271, 0.0632, 0.1010, 0.1190, 0.0625, 0.0984,
  ],
  [
    0.1322, 0.0418, 0.0480, 0.0561, 0.1262, 0.0742, 0.0938, 0.0713, 0.5382,
    0.1658, 0.1891, 0.2268, 0.4981, 0.3100, 0.4001, 0.2987, 0.1042, 0.0302,
    0.0245, 0.0544, 0.1066, 0.0888, 0.1078, 0.0958, 0.4184, 0.1187, 0.0856,
    0.2242, 0.4152, 0.3690, 0.4761, 0.4053, 0.0092, 0.0073, 0.0032, 0.0018,
    0.0204, 0.0893, 0.1593, 0.0595, 0.0508, 0.0411, 0.0187, 0.0110, 0.1138,
    0.4922, 0.8877, 0.3315, 0.1606, 0.0977, 0.1710, 0.1685, 0.1565, 0.2501,
  ],
  [
    0.0093, 0.0121, 0.0104, 0.0120, 0.0095, 0.0129, 0.0104, 0.0113, 0.0890,
    0.1154, 0.0997, 0.1149, 0.0909, 0.1230, 0.0991, 0.1081, 0.0070, 0.0057,
    0.0078, 0.0099, 0.0075, 0.0058, 0.0080, 0.0095, 0.0685, 0.0553, 0.0762,
    0.0964, 0.0737, 0.0570, 0.0781, 0.0924, 0.0037, 0.0042, 0.0037, 0.0044,
    0.0035, 0.0048, 0.0032, 0.0044, 0.0361, 0.0410, 0.0363, 0.0431, 0.0345,
    0.0472, 0.0311, 0.0435, 0.2290, 0.2848, 0.4303, 0.2290, 0.2844, 0.4307,
  ],
  [
    0.0415, 0.0598, 0.0546, 0.0521, 0.0447, 0.0514, 0.0594, 0.0478, 0.2160,
    0.3043, 0.2773, 0.2740, 0.2353, 0.2621, 0.2983, 0.2462, 0.0289, 0.0420,
    0.0319, 0.0345, 0.0354, 0.0382, 0.0466, 0.0410, 0.1969, 0.2844, 0.2174,
    0.2362, 0.2431, 0.2622, 0.3169, 0.2805, 0.0295, 0.0188, 0.0204, 0.0147,
    0.0051, 0.0339, 0.0486, 0.0255, 0.2334, 0.1495, 0.1609, 0.1154, 0.0406,
    0.2699, 0.3871, 0.2022, 0.1233, 0.0869, 0.1666, 0.1364, 0.1047, 0.1529,
  ],
  [
    0.1628, 0.0669, 0.1097, 0.0687, 0.1577, 0.0668, 0.1097, 0.0679, 0.4961,
    0.2038, 0.3343, 0.2094, 0.4808, 0.2036, 0.3344, 0.2069, 0.1741, 0.0734,
    0.1069, 0.0751, 0.1702, 0.0827, 0.0946, 0.0853, 0.5099, 0.2150, 0.3131,
    0.2201, 0.4984, 0.2423, 0.2770, 0.2499, 0.0769, 0.0262, 0.0180, 0.0277,
    0.0760, 0.0286, 0.0139, 0.0286, 0.5092, 0.1733, 0.1190, 0.1833, 0.5029,
    0.1890, 0.0924, 0.1896, 0.1575, 0.0700, 0.1079, 0.1192, 0.0630, 0.0983,
  ],
]

/// The sum of the squares of every channel.
private let referenceSquareSums: [Double] = [
  36.0458, 12.3425, 17.5626, 10.6893, 35.4591, 10.4852, 15.9711, 9.8988,
  462.0892, 284.6871, 289.8278, 184.3245, 422.4490, 165.0722, 216.0439,
  154.8867, 35.2645, 14.6276, 16.1492, 11.3641, 34.4988, 10.5403, 13.0251,
  10.0669, 431.3005, 377.6911, 277.2976, 187.2354, 394.8471, 152.1108,
  178.3999, 148.9035, 10.9401, 11.5740, 10.9645, 5.6644, 9.1961, 3.4238,
  5.2120, 2.6961, 359.3145, 427.4763, 317.9753, 165.0318, 318.6804, 115.5520,
  165.8598, 95.1182, 80.8184, 64.3089, 148.4470, 76.5236, 58.5653, 136.6435,
]
