"""Local features and block reconstruction as one would write them with NumPy.

    python local_features.py features FOLDER
    python local_features.py blocks FOLDER [TEST_FOLDER]

The first prints the seconds that the features of all pictures of a folder
take, the second those of the block maps fitted to them, of their left-out
residuals, and of the maps of a second folder's pictures. Pictures are decoded
and shrunk to 256 x 256 pixels beforehand. Two threads.
"""

import json
import sys
import time
from functools import cache
from multiprocessing.pool import ThreadPool
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

THREADS = 2
SIDE = 256
GRID = 64
DIRECTIONS = 8
CHANNELS = 54

# Of every octave, finest first: the blur of its channels, in cells, and the
# reach of the contrast that they are divided by, in its pixels.
OCTAVES = ((1.0, 8.0), (1.0, 4.0), (1.2, 3.0))
CONTRAST_FLOOR = 0.01
COLOR_BLURS = (0.7, 2.0)
BORDER = 6

# Cells of the grid, cells of a block, cells from one block to the next.
BLOCKS = {"8 of 32": (32, 8, 4), "12 of 32": (32, 12, 5), "6 of 16": (16, 6, 2)}
RIDGE = 0.1
LEAST_DEVIATION = 1e-6

HIGHEST_CELLS = 20


# Features


def features(picture):
    """54 channels on a grid of 64 x 64 cells.

    `picture` is 256 x 256 x 3, RGB from 0 to 1; in float64 all is computed so.
    """
    channels = []
    grey = blur(picture @ np.array([0.299, 0.587, 0.114], picture.dtype), 0.8)
    for cell_blur, reach in OCTAVES:
        raw, normalised = directed_magnitudes(grey, reach)
        for histogram in (raw, normalised):
            channels.append(np.sqrt(blur(histogram, cell_blur)))
        grey = halved(grey)
    colors = area_mean(against_border(picture))
    channels += [blur(colors, sigma) for sigma in COLOR_BLURS]
    return np.concatenate(channels, axis=2)


def blur(values, sigma):
    kernel = gaussian(sigma, values.dtype)
    return cv2.sepFilter2D(
        values, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)


@cache
def gaussian(sigma, dtype):
    radius = int(4 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return (weights / weights.sum()).astype(dtype)


def halved(grey):
    kernel = np.array([1, 4, 6, 4, 1], grey.dtype) / 16
    return cv2.sepFilter2D(
        grey, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101)[::2, ::2]


def directed_magnitudes(grey, reach):
    """Mean gradient magnitude by direction of every cell; also by contrast."""
    across, down = (
        cv2.Sobel(grey, -1, *order, ksize=3, scale=1 / 8,
                  borderType=cv2.BORDER_REFLECT_101)
        for order in ((1, 0), (0, 1)))
    magnitude = np.sqrt(across * across + down * down)
    turn = np.arctan2(down, across)
    turn *= DIRECTIONS / (2 * np.pi)
    lower = np.floor(turn)
    upper_share = turn - lower
    bins = lower.astype(np.int32)
    cells = first_bin(grey.shape[0])
    lower_bin = (cells + (bins & (DIRECTIONS - 1))).ravel()
    upper_bin = (cells + (bins + 1 & (DIRECTIONS - 1))).ravel()
    area = (grey.shape[0] // GRID) ** 2
    contrast = blur(magnitude, reach) + magnitude.dtype.type(CONTRAST_FLOOR)
    for values in (magnitude, magnitude / contrast):
        upper = values * upper_share
        count = GRID * GRID * DIRECTIONS
        sums = np.bincount(lower_bin, (values - upper).ravel(), count)
        sums += np.bincount(upper_bin, upper.ravel(), count)
        yield (sums / area).astype(grey.dtype).reshape(GRID, GRID, DIRECTIONS)


@cache
def first_bin(side):
    """Of every pixel the index of its cell's first direction."""
    cell = np.arange(side, dtype=np.int32) // (side // GRID)
    return (cell[:, None] * GRID + cell) * DIRECTIONS


def against_border(picture):
    border = np.concatenate([
        picture[:BORDER].reshape(-1, 3), picture[-BORDER:].reshape(-1, 3),
        picture[BORDER:-BORDER, :BORDER].reshape(-1, 3),
        picture[BORDER:-BORDER, -BORDER:].reshape(-1, 3)])
    to_colors = np.array(
        [[1 / 3, 1, 0.5], [1 / 3, -1, 0.5], [1 / 3, 0, -1]], picture.dtype)
    return (picture - np.median(border, axis=0)) @ to_colors


def area_mean(values):
    return cv2.resize(values, (GRID, GRID), interpolation=cv2.INTER_AREA)


# Block reconstruction


class BlockReconstruction:
    """Ridge reconstruction of every block from those of the training images."""

    def __init__(self, grid, side, step):
        self.corners = [
            (row, column)
            for row in range(0, grid - side + 1, step)
            for column in range(0, grid - side + 1, step)]
        self.side = side
        self.cover = np.zeros((grid, grid), np.float32)
        for corner in self.corners:
            self.cover[self.cells(corner)] += 1

    def cells(self, corner):
        return tuple(slice(start, start + self.side) for start in corner)

    def vectors(self, grids, corner):
        return grids[(slice(None), *self.cells(corner))].reshape(
            len(grids), -1)

    def fit(self, grids):
        """Keeps what scoring needs; the maps of images that are left out."""
        self.blocks = {}

        def left_out(corner):
            vectors = self.vectors(grids, corner)
            mean = vectors.mean(axis=0)
            vectors = vectors - mean
            gram = vectors @ vectors.T
            count, dimensions = vectors.shape
            ridge = RIDGE * np.trace(gram) / dimensions
            inverse = inverted(gram, ridge)
            weights = inverse @ vectors
            # An image that is left out is missing from the mean as well.
            share = np.diag(inverse) - 1 / (count * ridge)
            self.blocks[corner] = mean, vectors, weights
            return self.squares(weights) / share[:, None, None] ** 2

        return self.joined(left_out, len(grids))

    def maps(self, grids):
        def residual(corner):
            mean, vectors, weights = self.blocks[corner]
            block = self.vectors(grids, corner) - mean
            block -= (block @ vectors.T) @ weights
            return self.squares(block)

        return self.joined(residual, len(grids))

    def squares(self, residuals):
        """The mean square of every cell's channels."""
        residuals = residuals.reshape(-1, self.side, self.side, CHANNELS)
        return np.einsum("nyxc,nyxc->nyx", residuals, residuals) / CHANNELS

    def joined(self, of_block, count):
        """The maps from the blocks' mean squares, blocks side by side."""
        total = np.zeros((count, *self.cover.shape), np.float32)
        with threadpool_limits(1), ThreadPool(THREADS) as pool:
            for corner, squares in zip(
                    self.corners, pool.imap(of_block, self.corners)):
                total[(slice(None), *self.cells(corner))] += squares
        return np.sqrt(total / self.cover)


def inverted(gram, ridge):
    """The inverse of the Gram matrix with the ridge on its diagonal."""
    matrix = gram.astype(np.float64)
    matrix[np.diag_indices_from(matrix)] += ridge
    factor, status = lapack.dpotrf(matrix, lower=True)
    inverse, _ = lapack.dpotri(factor, lower=True)
    if status != 0:
        raise ValueError("the ridge is too small")
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    return inverse.astype(np.float32)


class LocalReconstruction:
    """Heat maps and image scores of three sizes of blocks."""

    def fit(self, grids):
        cells = grids.reshape(-1, CHANNELS)
        self.mean = cells.mean(axis=0, dtype=np.float64)
        self.deviation = cells.std(axis=0, dtype=np.float64)
        self.deviation[self.deviation < LEAST_DEVIATION] = 1
        grids = self.standardised(grids)
        self.maps, self.calibrations, heat = [], [], 0
        for shape in BLOCKS.values():
            blocks = BlockReconstruction(*shape)
            left_out = smoothed(blocks.fit(grids[shape[0]]))
            calibration = Calibration(left_out)
            heat += calibration(left_out) / len(BLOCKS)
            self.maps.append((shape[0], blocks))
            self.calibrations.append(calibration)
        peaks = np.stack(maximum_and_highest(heat))
        self.center = peaks.mean(axis=1)
        self.spread = peaks.std(axis=1)

    def heat(self, grids):
        grids = self.standardised(grids)
        return sum(
            calibration(smoothed(blocks.maps(grids[side])))
            for calibration, (side, blocks)
            in zip(self.calibrations, self.maps)) / len(BLOCKS)

    def scores(self, heat):
        peaks = np.stack(maximum_and_highest(heat))
        return ((peaks.T - self.center) / self.spread).sum(axis=1)

    def standardised(self, grids):
        """By the cells' mean and deviation, on the coarser grids."""
        coarse = {}
        for side in {shape[0] for shape in BLOCKS.values()}:
            cell = GRID // side
            means = grids.reshape(
                len(grids), side, cell, side, cell, CHANNELS).mean(axis=(2, 4))
            coarse[side] = np.float32((means - self.mean) / self.deviation)
        return coarse


def smoothed(maps):
    return np.stack([
        blur(cv2.resize(a_map, (GRID, GRID)), 1.0) for a_map in maps])


class Calibration:
    """Puts a map's values on a scale that all places and maps share."""

    def __init__(self, maps):
        own = len(maps) / (len(maps) + 40)
        mean = own * blur(maps.mean(axis=0), 2.0) + (1 - own) * maps.mean()
        variance = own * blur(maps.var(axis=0), 2.0) + (1 - own) * maps.var()
        deviation = np.sqrt(variance)
        self.mean = mean
        self.scale = deviation + 0.3 * np.median(deviation)

    def __call__(self, maps):
        z = np.clip((maps - self.mean) / self.scale, -3, 50)
        return np.sign(z) * np.log1p(np.abs(z))


def maximum_and_highest(heat):
    cells = heat.reshape(len(heat), -1)
    highest = np.partition(cells, -HIGHEST_CELLS, axis=1)[:, -HIGHEST_CELLS:]
    return highest.max(axis=1), highest.mean(axis=1)


# The command


def pictures(folder):
    def decode(path):
        with Image.open(path) as image:
            small = image.convert("RGB").resize((SIDE, SIDE), Image.BOX)
        return np.asarray(small, np.float32) / 255

    with ThreadPool(THREADS) as pool:
        return pool.map(decode, sorted(Path(folder).rglob("*.png")))


def all_features(images):
    cv2.setNumThreads(1)
    with ThreadPool(THREADS) as pool:
        return np.stack(pool.map(features, images))


def main():
    task, *folders = sys.argv[1:]
    seconds = {}

    def measure(part, body):
        start = time.perf_counter()
        result = body()
        seconds[part] = time.perf_counter() - start
        return result

    images = [pictures(folder) for folder in folders]
    if task == "features":
        for folder, decoded in zip(folders, images):
            measure(folder, lambda: all_features(decoded))
    elif task == "blocks":
        train, *tests = [all_features(decoded) for decoded in images]
        model = LocalReconstruction()
        measure("fit", lambda: model.fit(train))
        for folder, test in zip(folders[1:], tests):
            measure(folder, lambda: model.scores(model.heat(test)))
    else:
        sys.exit(__doc__)
    print(json.dumps({
        "images": [len(decoded) for decoded in images], "seconds": seconds}))


if __name__ == "__main__":
    main()
