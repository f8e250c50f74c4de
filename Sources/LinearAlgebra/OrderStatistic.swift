extension [Float] {
  /// What stands at a place of the sorted array, found without sorting
  /// (Hoare 1961, "Find"); the array is left in another order, with nothing
  /// greater before that place and nothing less behind it.
  ///
  /// - Precondition: The place is one of the array; no element is NaN.
  package mutating func orderStatistic(_ place: Int) -> Float {
    withUnsafeMutableBufferPointer { elements in
      var (first, last) = (0, elements.count - 1)
      while first < last {
        let (start, middle, end) = (
          elements[first], elements[first + (last - first) / 2], elements[last]
        )
        let pivot = Swift.max(
          Swift.min(start, end), Swift.min(middle, Swift.max(start, end)))
        var (left, right) = (first, last)
        while left <= right {
          while elements[left] < pivot { left += 1 }
          while pivot < elements[right] { right -= 1 }
          guard left <= right else { break }
          elements.swapAt(left, right)
          left += 1
          right -= 1
        }
        if place <= right {
          last = right
        } else if place >= left {
          first = left
        } else {
          break
        }
      }
      return elements[place]
    }
  }
}
