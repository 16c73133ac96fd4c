package agent

import "testing"

func TestPublicOnly(t *testing.T) {
	for address, public := range map[string]bool{
		"1.1.1.1:443": true, "[2606:4700::1111]:443": true,
		"127.0.0.1:443": false, "[::1]:443": false, "0.0.0.0:443": false, "10.0.0.1:443": false, "192.168.1.1:443": false,
		"172.16.0.1:443": false, "100.64.0.1:443": false, "169.254.169.254:80": false, "[fe80::1]:443": false, "[fd00::1]:443": false,
		"[::ffff:10.0.0.1]:443": false, "224.0.0.1:443": false, "nowhere": false,
	} {
		if err := publicOnly("tcp", address, nil); (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}
