import AnomalyKit
import Foundation

/// A sheet of where detectors of local features see defects.
func heatMaps(to url: URL) throws {
  let data = try Dataset(at: URL(fileURLWithPath: "data/inspection-hard"))
  let names = ["local-pca", "local-knn", "fusion"]
  let detectors = try DetectorCatalog.standard.detectors(named: names)
  try ImageSheet(
    title: "Where local features are unusual",
    columns: ["picture", "defect"] + names,
    rows: zip(data.categories, ["paint", "chip", "broken-thread"]).map {
      ImageSheet.Row($1, try pictures(of: $0, defect: $1, detectors))
    }
  ).write(to: url)
}

/// The first picture with the defect, its mask, and the map of each detector.
private func pictures(
  of category: DatasetCategory, defect: String, _ detectors: [NamedDetector]
) throws -> [ImageSheet.Picture] {
  let (train, shape) = try pixels(of: category.train)
  let (test, _) = try pixels(of: category.test)
  guard
    let index = category.test.samples.firstIndex(where: {
      $0.defect == defect
    }),
    let picture = try category.test.picture(at: index),
    let mask = category.test.samples[index].mask
  else { return [] }
  let maps = try detectors.map { named in
    let context = RunContext(seed: 0, imageShape: shape)
    guard
      let model = try named.detector.fit(train, in: context)
        as? any LocalizingModel
    else { throw DetectorFault.needsImages }
    return brightest(
      try model.localization(of: test, in: context).maps, at: index, shape)
  }
  return ([picture, try PictureFile.decode(mask)] + maps).map {
    ImageSheet.Picture($0)
  }
}

private func pixels(of set: SampleSet) throws -> (Matrix, ImageShape) {
  // As large as the command shows pictures to these detectors.
  let pictures = try set.samples.indices.compactMap {
    try set.picture(at: $0)?.resized(to: PixelSize(square: 256))
  }
  return (Matrix(pictures.map(\.values)), pictures[0].shape)
}

/// One map, black at the median of all and white at the highest 0.5 %.
private func brightest(
  _ maps: Matrix, at index: Int, _ shape: ImageShape
) -> RasterImage {
  let sorted = maps.values.sorted()
  let (low, high) = (sorted[sorted.count / 2], sorted[sorted.count * 199 / 200])
  return RasterImage(
    shape: ImageShape(height: shape.height, width: shape.width, channels: 1),
    values: maps.row(index).map { min(max(($0 - low) / (high - low), 0), 1) })
}
