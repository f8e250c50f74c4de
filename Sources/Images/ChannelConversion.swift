import LinearAlgebra

extension Image {
  /// The picture in grey (1 channel, the luma of ITU-R BT.601) or RGB (3).
  public func converted(toChannels channels: Int) -> Image {
    guard channels != shape.channels else { return self }
    let luma: [Float] = [0.299, 0.587, 0.114]
    var converted: [Float] = []
    converted.reserveCapacity(shape.width * shape.height * channels)
    for pixel in stride(from: 0, to: values.count, by: shape.channels) {
      if channels == 3 {
        converted.append(contentsOf: repeatElement(values[pixel], count: 3))
      } else {
        let red = luma[0] * values[pixel]
        let green = luma[1] * values[pixel + 1]
        converted.append(red + green + luma[2] * values[pixel + 2])
      }
    }
    return Image(
      shape: ImageShape(
        height: shape.height, width: shape.width, channels: channels),
      values: converted)
  }
}
