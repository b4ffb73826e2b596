// SPDX-License-Identifier: Apache-2.0

extension ModelSource {
    /// The side, in pixels, of the square pictures the model was trained on.
    package var nativeSize: Int { unet.sampleSize * autoencoder.factor }
}
